/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * Pictures to files and back, without a model. */
#include "tests/c/check.h"

#define PNG "c-images-test.png"
#define JPEG "c-images-test.jpg"

enum { kWidth = 40, kHeight = 24 };

static uint8_t g_pixels[kWidth * kHeight * 4];

static md_image* an_image(md_pixel_format format) {
  const md_pixels pixels = {g_pixels, kWidth, kHeight, format};
  md_image* image = NULL;
  md_error* error = NULL;
  DONE(md_image_from_pixels(&pixels, NULL, &image, &error));
  return image;
}

static void an_image_copies_the_pixels(void) {
  for (int format = MD_RGB; format <= MD_RGBA; ++format) {
    md_image* image = an_image(format);
    CHECK(md_image_width(image) == kWidth && md_image_height(image) == kHeight && md_image_format(image) == format);
    CHECK(md_image_pixel_bytes(image) == (size_t)(kWidth * kHeight * format));
    CHECK(md_image_pixels(image) != g_pixels &&
          memcmp(md_image_pixels(image), g_pixels, md_image_pixel_bytes(image)) == 0);
    CHECK(md_image_total_seconds(image) == 0);
    CHECK_TEXT(md_provenance_prompt(md_image_provenance(image)), "");
    md_image_free(image);
  }
}

static void what_is_no_picture_is_refused(void) {
  const struct {
    md_pixels pixels;
    const char* saying;
  } rows[] = {{{NULL, 1, 1, MD_RGB}, "pixels.data must not be NULL"},
              {{g_pixels, 0, 1, MD_RGB}, "from 1 to 268435456 pixels, not 0x1"},
              {{g_pixels, 1, -1, MD_RGB}, "not 1x-1"},
              {{g_pixels, INT32_MAX, INT32_MAX, MD_RGBA}, "not 2147483647x2147483647"},
              {{g_pixels, 1, 1, 1}, "pixels.format must be MD_RGB or MD_RGBA, not 1"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    md_image* image = NULL;
    md_error* error = NULL;
    REFUSED(md_image_from_pixels(&rows[i].pixels, NULL, &image, &error), MD_INVALID_ARGUMENT, rows[i].saying);
    CHECK(image == NULL);
  }
}

static void a_png_comes_back_whole(void) {
  md_image* image = an_image(MD_RGB);
  md_image* back = NULL;
  md_error* error = NULL;
  if (DONE(md_image_save(image, PNG, NULL, &error)) && DONE(md_image_read(PNG, &back, &error))) {
    CHECK(md_image_width(back) == kWidth && md_image_height(back) == kHeight && md_image_format(back) == MD_RGB);
    CHECK(md_image_pixel_bytes(back) == md_image_pixel_bytes(image));
    CHECK(memcmp(md_image_pixels(back), md_image_pixels(image), md_image_pixel_bytes(image)) == 0);
  }
  md_image_free(back);
  md_image_free(image);
  remove(PNG);
}

static size_t encoded(const md_image* image, md_file_format format, const md_save_options* options,
                      unsigned char first) {
  md_bytes* bytes = NULL;
  md_error* error = NULL;
  if (!DONE(md_image_encode(image, format, options, &bytes, &error))) return 0;
  const size_t size = md_bytes_size(bytes);
  CHECK(size > 100 && md_bytes_data(bytes)[0] == first);
  md_bytes_free(bytes);
  return size;
}

static void both_formats_as_bytes(void) {
  md_image* image = an_image(MD_RGBA);
  md_save_options options;
  md_save_options_init(&options, sizeof options);
  CHECK(encoded(image, MD_PNG, &options, 0x89) > 0);
  md_bytes* bytes = NULL;
  md_error* error = NULL;
  if (!kComplete) {
    REFUSED(md_image_encode(image, MD_JPEG, NULL, &bytes, &error), MD_UNSUPPORTED, LEFT_OUT);
    REFUSED(md_image_save(image, JPEG, NULL, &error), MD_UNSUPPORTED, LEFT_OUT);
    md_image_free(image);
    return;
  }
  const size_t marked = encoded(image, MD_JPEG, &options, 0xff);
  options.metadata = 0;
  CHECK(encoded(image, MD_JPEG, &options, 0xff) < marked);
  REFUSED(md_image_encode(image, 2, NULL, &bytes, &error), MD_INVALID_ARGUMENT,
          "format must be MD_PNG or MD_JPEG, not 2");
  options.jpeg_quality = 101;
  REFUSED(md_image_encode(image, MD_JPEG, &options, &bytes, &error), MD_INVALID_ARGUMENT, "101");
  REFUSED(md_image_save(image, JPEG, &options, &error), MD_INVALID_ARGUMENT, "101");
  REFUSED(md_image_save(image, "picture.webp", NULL, &error), MD_INVALID_ARGUMENT, "webp");
  REFUSED(md_image_save(image, "no/such/folder/picture.png", NULL, &error), MD_NOT_FOUND, "no/such/folder");
  CHECK(bytes == NULL);
  md_image_free(image);
}

/* Both formats, out of memory, and what is no picture there. */
static void bytes_come_back_as_an_image(void) {
  md_image* image = an_image(MD_RGB);
  md_image* back = NULL;
  md_error* error = NULL;
  for (md_file_format format = MD_PNG; format <= (kComplete ? MD_JPEG : MD_PNG); ++format) {
    md_bytes* bytes = NULL;
    if (!DONE(md_image_encode(image, format, NULL, &bytes, &error))) continue;
    const uint8_t* data = md_bytes_data(bytes);
    if (DONE(md_image_decode(data, md_bytes_size(bytes), &back, &error))) {
      CHECK(md_image_width(back) == kWidth && md_image_height(back) == kHeight && md_image_format(back) == MD_RGB);
      CHECK(format == MD_JPEG ||
            memcmp(md_image_pixels(back), md_image_pixels(image), md_image_pixel_bytes(image)) == 0);
      md_image_free(back);
    }
    REFUSED(md_image_decode(data, md_bytes_size(bytes) / 2, &back, &error), MD_INVALID_ARGUMENT, "in memory");
    REFUSED(md_image_decode(data, 0, &back, &error), MD_INVALID_ARGUMENT, "neither a PNG nor a JPEG");
    CHECK(back == NULL);
    md_bytes_free(bytes);
  }
  REFUSED(md_image_decode(g_pixels, sizeof g_pixels, &back, &error), MD_INVALID_ARGUMENT, "neither a PNG nor a JPEG");
  const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xe0};
  if (!kComplete) REFUSED(md_image_decode(jpeg, sizeof jpeg, &back, &error), MD_UNSUPPORTED, LEFT_OUT);
  REFUSED(md_image_decode(NULL, 10, &back, &error), MD_INVALID_ARGUMENT, "file must not be NULL");
  md_image_free(image);
}

static void how_it_was_made_comes_back(void) {
  const char* file = kComplete ? JPEG : PNG;
  md_image* image = an_image(MD_RGB);
  md_provenance* read = NULL;
  md_error* error = NULL;
  if (DONE(md_image_save(image, file, NULL, &error)) && DONE(md_provenance_read(file, &read, &error))) {
    /* An image with it, saved and read again, says the same. */
    CHECK(md_provenance_steps(read) == 1 && md_provenance_guidance(read) == 1 && md_provenance_strength(read) < 0);
    const md_pixels pixels = {g_pixels, kWidth, kHeight, MD_RGB};
    md_image* second = NULL;
    if (DONE(md_image_from_pixels(&pixels, read, &second, &error)))
      CHECK(md_provenance_steps(md_image_provenance(second)) == 1);
    md_image_free(second);
  }
  md_provenance_free(read);
  md_image_free(image);

  md_save_options options;
  md_save_options_init(&options, sizeof options);
  options.metadata = 0;
  image = an_image(MD_RGB);
  if (DONE(md_image_save(image, file, &options, &error)))
    REFUSED(md_provenance_read(file, &read, &error), MD_INVALID_ARGUMENT, file);
  CHECK(read == NULL);
  md_image_free(image);
  remove(file);
  REFUSED(md_provenance_read(file, &read, &error), MD_NOT_FOUND, file);
}

static void what_is_no_file_of_a_picture_is_refused(void) {
  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_image_read("no-such-file.png", &image, &error), MD_NOT_FOUND, "no-such-file.png");
  REFUSED(md_image_read(DEFAULT_MODEL "/model_index.json", &image, &error), MD_INVALID_ARGUMENT,
          "neither a PNG nor a JPEG");
  CHECK(image == NULL);
}

int main(void) {
  for (size_t i = 0; i < sizeof g_pixels; ++i) g_pixels[i] = (uint8_t)(i % 4 == 3 ? 255 : i * 7);
  an_image_copies_the_pixels();
  what_is_no_picture_is_refused();
  a_png_comes_back_whole();
  both_formats_as_bytes();
  bytes_come_back_as_an_image();
  how_it_was_made_comes_back();
  what_is_no_file_of_a_picture_is_refused();
  return failures > 0;
}
