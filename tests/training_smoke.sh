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

echo "== int8"
"$python" -B tests/training_int8_test.py .

for stage in world vae latents classifier diffusion gan "export $model"; do
    echo "== $stage"
    # shellcheck disable=SC2086  (a stage and its argument are two words)
    "$python" models/training/train.py $stage --smoke --run "$work/run" --device cpu
done

echo "== stopped and taken up again"
"$python" models/training/train.py diffusion --smoke --run "$work/run" --device cpu | grep "resumed at step"

cp models/scenes/prompts.txt "$model/"
for stage in sheet judge decoders; do
    echo "== $stage"
    "$python" models/training/train.py $stage "$model" --smoke --run "$work/run" --device cpu
done
for file in model_index.json tokenizer/tokenizer.model expected.safetensors contact-sheet.png accuracy.json decoders.json; do
    test -s "$model/$file"
done

book=$work/book
mkdir "$book"
cp models/picture-book/prompts.txt "$book/"
for stage in fetch "all $book" "sheet $book" "decoders $book" "judge $book"; do
    echo "== picture book: $stage"
    # shellcheck disable=SC2086
    "$python" models/training/train.py $stage --world picture-book --smoke --run "$work/book-run" --device cpu
done
for file in model_index.json tokenizer/tokenizer.model expected.safetensors words.json world.json contact-sheet.png \
            before-gan.png decoders.json accuracy.json; do
    test -s "$book/$file"
done

if [ -n "${MOBILEDIFFUSION_CLI:-}" ]; then
    echo "== verify"
    "$MOBILEDIFFUSION_CLI" verify "$book" "$book/expected.safetensors"
    "$MOBILEDIFFUSION_CLI" verify "$model" "$model/expected.safetensors"
    echo "== precisions"
    "$python" models/training/train.py precisions "$model" --smoke --run "$work/run" --device cpu
    test -s "$model/precisions.json"
    "$python" models/training/train.py precisions "$book" --world picture-book --smoke --run "$work/book-run" --device cpu
    test -s "$book/precisions.json"
    echo "== begun from the shipped folder"
    mkdir "$work/warm-run"
    cp "$work"/book-run/sprites.npy "$work"/book-run/*.json "$work"/book-run/scenes-* "$work"/book-run/latents-* "$work/warm-run"
    for stage in vae text diffusion; do
        "$python" models/training/train.py $stage --world picture-book --smoke --run "$work/warm-run" --device cpu \
            --warm "$work/book-run/shipped" | grep "warm start"
    done
fi
