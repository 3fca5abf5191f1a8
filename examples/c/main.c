/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <mobilediffusion/c.h>
#include <stdio.h>

int main(int argc, char** argv) {
  md_pipeline* pipeline = NULL;
  md_image* image = NULL;
  md_error* error = NULL;
  if (md_pipeline_load(NULL, NULL, &pipeline, &error) == MD_OK &&
      md_pipeline_generate(pipeline, argc > 1 ? argv[1] : "two red boats at sunset", NULL, &image, &error) == MD_OK &&
      md_image_save(image, "boats.png", NULL, &error) == MD_OK) {
    printf("boats.png: %dx%d in %.2f seconds\n", (int)md_image_width(image), (int)md_image_height(image),
           md_image_total_seconds(image));
  } else {
    fprintf(stderr, "%s\n", md_error_message(error));
  }
  const int failed = md_error_status(error) != MD_OK;
  md_error_free(error);
  md_image_free(image);
  md_pipeline_free(pipeline);
  return failed;
}
