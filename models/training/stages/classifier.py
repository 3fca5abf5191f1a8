"""The classifier that reads pictures back: for `judge`, and for the accuracy over training where it is there before."""

from classifier import train_classifier


def run(settings, folder, minutes, steps, **_):
    train_classifier(settings, folder, minutes, steps)
