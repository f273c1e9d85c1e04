#include "decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "orientation.h"
#include "resize.h"

/* Cameras write about ten. Each scan costs a pass over the whole picture, and an empty one takes ten bytes. */
enum { MOST_SCANS = 100 };

/* A progressive picture is held whole, in 16-bit coefficients: 25 million pixels of three full planes are 150 MB. */
static const long most_memory = 160L << 20;

/* What a picture of usual size needs; memory that is new for each call costs as much as resizing does. */
enum { MOST_KEPT = 4 << 20 };

/* What one call holds, so that its end frees it whichever way it ends. */
struct decoding {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf failed;
  char *reason;
  struct jpeg_scratch *scratch;
};

static void fail(j_common_ptr jpeg) {
  struct decoding *of = jpeg->client_data;
  jpeg->err->format_message(jpeg, of->reason);
  longjmp(of->failed, 1);
}

static void refuse_warnings(j_common_ptr jpeg, int level) {
  if (level < 0) fail(jpeg);
}

static void limit_scans(j_common_ptr jpeg) {
  struct decoding *of = jpeg->client_data;
  if (of->jpeg.input_scan_number <= MOST_SCANS) return;
  snprintf(of->reason, JPEG_REASON_BYTES, "It has more than %d scans", MOST_SCANS);
  longjmp(of->failed, 1);
}

/* Memory for `bytes`: what lies there already is kept, and more than usual is given back after the call. */
static void *hold(struct decoding *of, size_t bytes) {
  struct jpeg_scratch *scratch = of->scratch;
  if (scratch->bytes >= bytes) return scratch->memory;
  jpeg_scratch_release(scratch);
  scratch->memory = malloc(bytes);
  if (scratch->memory) {
    scratch->bytes = bytes;
    return scratch->memory;
  }
  snprintf(of->reason, JPEG_REASON_BYTES, "There is not enough memory for it");
  longjmp(of->failed, 1);
}

void jpeg_scratch_release(struct jpeg_scratch *scratch) {
  free(scratch->memory);
  *scratch = (struct jpeg_scratch){0};
}

static int orientation_of(const struct jpeg_decompress_struct *jpeg) {
  for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next) {
    int orientation = exif_orientation(marker->data, marker->data_length);
    if (orientation) return orientation;
  }
  return 1;
}

/*
 * Starts to decode at 1/8, 1/4, 1/2 or the whole of its size, the smallest that is not below what is wanted: most of a large
 * picture's frequencies are then never computed. (The eighths between cost more than the next power of two: libjpeg-turbo
 * has no SIMD code for them.)
 */
static void start_scaled(struct jpeg_decompress_struct *jpeg, uint32_t size) {
  uint64_t longest = jpeg->image_width > jpeg->image_height ? jpeg->image_width : jpeg->image_height;
  jpeg->scale_denom = 8;
  jpeg->scale_num = 1;
  while (jpeg->scale_num < 8 && (longest * jpeg->scale_num + 7) / 8 < size) jpeg->scale_num *= 2;
  jpeg->out_color_space = JCS_RGB;
  jpeg->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(jpeg);
}

static void read_rows(struct jpeg_decompress_struct *jpeg, uint8_t *row, int16_t *rows) {
  size_t width = (size_t)jpeg->output_width * 3;
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW one = row;
    jpeg_read_scanlines(jpeg, &one, 1);
    for (size_t x = 0; x < width; x++) rows[x] = (int16_t)(row[x] << FRACTION_BITS);
    rows += width;
  }
  jpeg_finish_decompress(jpeg);
}

/* Columns become rows: RGB, `height` rows of `width` pixels in. */
static void transpose(const int16_t *from, uint32_t width, uint32_t height, int16_t *to) {
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++, from += 3) {
      int16_t *pixel = to + ((size_t)x * height + y) * 3;
      pixel[0] = from[0], pixel[1] = from[1], pixel[2] = from[2];
    }
  }
}

/* The edge that becomes `size` when `of` is the longer one: at least a pixel. */
static uint32_t fitted(uint32_t edge, uint32_t longest, uint32_t size) {
  uint32_t pixels = (uint32_t)(((uint64_t)edge * size * 2 + longest) / (2 * (uint64_t)longest));
  return pixels > 0 ? pixels : 1;
}

static inline uint8_t byte_of(int16_t value) {
  int rounded = (value + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS;
  return (uint8_t)(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
}

/*
 * Puts the picture, given by columns, into the middle of white, turned. An orientation of 5 to 8 exchanges rows and columns;
 * which of the two then run backwards: Exif 2.32, 4.6.4 A.
 */
static void place(const int16_t *columns, uint32_t width, uint32_t height, int orientation, uint32_t size, uint8_t *pixels) {
  int exchanged = orientation >= 5;
  int columns_backwards = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  int rows_backwards = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  uint32_t across = exchanged ? height : width, down = exchanged ? width : height;
  uint32_t left = (size - across) / 2, top = (size - down) / 2;
  memset(pixels, 255, (size_t)size * size * 3);
  for (uint32_t x = 0; x < width; x++) {
    for (uint32_t y = 0; y < height; y++, columns += 3) {
      uint32_t column = exchanged ? y : x, row = exchanged ? x : y;
      if (columns_backwards) column = across - 1 - column;
      if (rows_backwards) row = down - 1 - row;
      uint8_t *pixel = pixels + ((size_t)(top + row) * size + left + column) * 3;
      for (int colour = 0; colour < 3; colour++) pixel[colour] = byte_of(columns[colour]);
    }
  }
}

static void decode_into(struct decoding *of, uint32_t size, uint8_t *pixels) {
  struct jpeg_decompress_struct *jpeg = &of->jpeg;
  int orientation = orientation_of(jpeg);
  start_scaled(jpeg, size);
  uint32_t width = jpeg->output_width, height = jpeg->output_height;
  /* By the picture's own edges: those of the scaled one are rounded up. */
  uint32_t longest = jpeg->image_width > jpeg->image_height ? jpeg->image_width : jpeg->image_height;
  uint32_t across = fitted(jpeg->image_width, longest, size), down = fitted(jpeg->image_height, longest, size);
  size_t scaled = (size_t)width * height * 3, flat = (size_t)width * down * 3, small = (size_t)across * down * 3;
  size_t weights = resize_weights(width, across) + resize_weights(height, down);
  int16_t *rows = hold(of, (scaled + 2 * flat + small + weights) * sizeof *rows + (size_t)width * 3);
  int16_t *flattened = rows + scaled, *turned = flattened + flat, *resized = turned + flat, *room = resized + small;
  read_rows(jpeg, (uint8_t *)(room + weights), rows);
  resize_rows(rows, height, width * 3, flattened, down, room);
  transpose(flattened, width, down, turned);
  resize_rows(turned, width, down * 3, resized, across, room);
  place(resized, across, down, orientation, size, pixels);
}

static enum jpeg_outcome decode(struct decoding *of, uint32_t size, uint32_t maximum_pixels, uint8_t *pixels) {
  struct jpeg_decompress_struct *jpeg = &of->jpeg;
  jpeg_read_header(jpeg, TRUE);
  if ((uint64_t)jpeg->image_width * jpeg->image_height > maximum_pixels) return JPEG_TOO_MANY_PIXELS;
  J_COLOR_SPACE colours = jpeg->jpeg_color_space;
  if (colours != JCS_GRAYSCALE && colours != JCS_YCbCr && colours != JCS_RGB) return JPEG_OF_ANOTHER_KIND;
  decode_into(of, size, pixels);
  return JPEG_DECODED;
}

/* Whatever fails below comes back here. */
static enum jpeg_outcome attempt(struct decoding *of, const uint8_t *bytes, size_t length, uint32_t size,
                                 uint32_t maximum_pixels, uint8_t *pixels) {
  struct jpeg_decompress_struct *jpeg = &of->jpeg;
  jpeg->err = jpeg_std_error(&of->errors);
  jpeg->client_data = of;
  of->errors.error_exit = fail;
  of->errors.emit_message = refuse_warnings;
  of->progress.progress_monitor = limit_scans;
  if (setjmp(of->failed)) return JPEG_DAMAGED;
  jpeg_create_decompress(jpeg);
  jpeg->progress = &of->progress;
  jpeg->mem->max_memory_to_use = most_memory;
  jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_mem_src(jpeg, bytes, length);
  return decode(of, size, maximum_pixels, pixels);
}

enum jpeg_outcome jpeg_decode(const uint8_t *bytes, size_t length, uint32_t size, uint32_t maximum_pixels, uint8_t *pixels,
                              struct jpeg_scratch *scratch, char reason[JPEG_REASON_BYTES]) {
  struct decoding of = {.reason = reason, .scratch = scratch};
  enum jpeg_outcome outcome = attempt(&of, bytes, length, size, maximum_pixels, pixels);
  jpeg_destroy_decompress(&of.jpeg);
  if (scratch->bytes > MOST_KEPT) jpeg_scratch_release(scratch);
  return outcome;
}

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const char *jpeg_library_version(void) { return TEXT(LIBJPEG_TURBO_VERSION); }
