#!/bin/sh
# Runs every stage of models/training with tiny sizes, ending with a model folder; where MOBILEDIFFUSION_CLI names the
# command-line program, the engine must then agree with PyTorch about the exported weights. Exit 77: a package is missing.
set -eu
cd "$(dirname "$0")/.."
has_packages() { "$1" -c "import matplotlib, torch, sentencepiece, PIL" 2>/dev/null; }
python=${PYTHON:-python3}
has_packages "$python" || python=/usr/bin/python3 # which the system's packages are for

if ! has_packages "$python"; then
    echo "skipped: needs PyTorch, SentencePiece and Pillow for Python (apt: python3-torch python3-sentencepiece python3-pil)"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=$work/model
train() { "$python" models/training/train.py "$@" --smoke --device cpu; }

echo "== int8"
"$python" -B tests/training_int8_test.py .

echo "== equivariance"
"$python" -B tests/training_equivariance_test.py .
"$python" -B tests/training_latent_cache_test.py .
echo "== crew"
"$python" -B tests/training_crew_test.py .

mkdir "$model"
cp models/picture-book/prompts.txt models/picture-book/README.md "$model/"
for stage in fetch "all $model" "known $model" "sheet $model" "decoders $model" "judge $model" "card $model"; do
    echo "== $stage"
    # shellcheck disable=SC2086  (a stage and its argument are two words)
    train $stage --run "$work/run"
done
for file in model_index.json tokenizer/tokenizer.model expected.safetensors words.json world.json contact-sheet.png \
            before-gan.png known.json decoders.json accuracy.json; do
    test -s "$model/$file"
done
grep -E '^\| subjects, % \| at least 92 \| [0-9.]+ \| [0-9.]+ \| [0-9.]+ \|$' "$model/README.md"

echo "== stopped and taken up again"
for stage in vae text classifier diffusion gan; do
    train $stage --run "$work/run" >"$work/said"
    grep "resumed at step" "$work/said"
done

if [ -n "${MOBILEDIFFUSION_CLI:-}" ]; then
    echo "== verify"
    "$MOBILEDIFFUSION_CLI" verify "$model" "$model/expected.safetensors"
    echo "== precisions"
    train precisions "$model" --run "$work/run"
    test -s "$model/precisions.json"
    echo "== answers and cover of the shipped folder"
    train answers "$work/run/shipped"
    "$MOBILEDIFFUSION_CLI" verify "$work/run/shipped" "$work/run/shipped/expected.safetensors"
    train cover "$work/run/shipped"
    test -s "$work/run/shipped/cover.png"
    echo "== begun from the shipped folder"
    mkdir "$work/warm-run"
    cp "$work"/run/sprites.npy "$work"/run/*.json "$work"/run/scenes-* "$work"/run/latents-* "$work"/run/portraits.npy "$work/warm-run"
    for stage in vae text diffusion; do
        train $stage --run "$work/warm-run" --warm "$work/run/shipped" >"$work/said"
        grep "warm start" "$work/said"
    done
    echo "== a model of another recipe is not gone on with"
    mkdir "$work/other-run"
    ! train adopt models/picture-book --run "$work/other-run" >"$work/said" 2>&1
    grep "is of another recipe: .* should be (.*), found (" "$work/said"
    test -z "$(ls "$work/other-run")"
    echo "== gone on with it on another machine"
    mkdir "$work/adopted-run"
    cp "$work"/run/sprites.npy "$work"/run/*.json "$work"/run/portraits.npy "$work/adopted-run"
    for stage in "adopt $work/run/shipped" latents "diffusion --warm $work/run/shipped" "export $work/adopted"; do
        # shellcheck disable=SC2086  (a stage and its argument are two words)
        train $stage --run "$work/adopted-run"
    done
    "$MOBILEDIFFUSION_CLI" verify "$work/adopted" "$work/adopted/expected.safetensors"
    if train vae --run "$work/adopted-run" 2>"$work/said"; then exit 1; fi
    grep "was adopted from a model folder" "$work/said"
fi
