"""The noise schedule, with zero terminal SNR, and the way back from what is predicted to a picture."""

import torch

from training import autocast

SCHEDULER = {
    "_class_name": "DiffusionGANScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timesteps": [999]}


def alphas_cumprod(config):
    """As diffusers computes them: squares of a linear ramp of square roots, rescaled to end at exactly 0."""
    start, end, steps = config["beta_start"] ** 0.5, config["beta_end"] ** 0.5, config["num_train_timesteps"]
    roots = (1 - torch.linspace(start, end, steps) ** 2).cumprod(0).sqrt()
    return ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2


class Schedule:
    """x_t = signal(t) x0 + noise(t) e, and the UNet answers with the velocity, signal(t) e - noise(t) x0."""

    def __init__(self, config, device="cpu"):
        alphas = alphas_cumprod(config).to(device)
        self.signals, self.noises = alphas.sqrt().view(-1, 1, 1, 1), (1 - alphas).sqrt().view(-1, 1, 1, 1)
        self.last = config["num_train_timesteps"] - 1

    def add_noise(self, x0, noise, t):
        return self.signals[t] * x0 + self.noises[t] * noise

    def velocity(self, x0, noise, t):
        return self.signals[t] * noise - self.noises[t] * x0

    def x0(self, x, answer, t):
        return self.signals[t] * x - self.noises[t] * answer

    def min_snr_weight(self, t, gamma=5.0):
        """Hang et al., 2023, for a predicted velocity, which at zero SNR keeps a weight of 1."""
        snr_plus_one = 1 / self.noises[t].flatten() ** 2
        return snr_plus_one.clamp(max=gamma) / snr_plus_one

    @torch.no_grad()
    def ddim(self, predict, x, steps):
        """Deterministic sampling: `predict(x, t)` is the UNet's answer, guided or not."""
        times = torch.linspace(self.last, 0, steps + 1).round().long().to(x.device)
        for now, after in zip(times[:-1], times[1:]):
            t = now.expand(len(x))
            clean = self.x0(x, predict(x, t), t)
            noise = (x - self.signals[now] * clean) / self.noises[now]
            x = self.signals[after] * clean + self.noises[after] * noise
        return clean


def guided(unet, texts, schedule, noise, steps, guidance):
    """Classifier-free guidance, away from what an empty caption gives: `texts` are the captions', then the empty ones'."""
    def predict(x, t):
        with autocast(x.device):
            answer = unet(x.repeat(2, 1, 1, 1), t.repeat(2), texts).float()
        told, untold = answer.chunk(2)
        return untold + guidance * (told - untold)

    return schedule.ddim(predict, noise, steps)
