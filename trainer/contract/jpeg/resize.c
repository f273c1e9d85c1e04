#include "resize.h"

#include <math.h>

/* Weights are 1/2^14ths: with the kernel's overshoot they fit into 16 bits. */
enum { ONE = 1 << 14 };

/* Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2. */
static double catmull_rom(double x) {
  x = fabs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/* What one resized row takes of which rows. */
struct taps {
  uint32_t first;
  uint32_t count;
};

size_t resize_weights(uint32_t from, uint32_t to) { return 4 * ((size_t)from / to + 1) + 2; }

/* Fills `weights`, whose sum is ONE exactly. */
static struct taps taps_of(uint32_t row, uint32_t from, uint32_t to, int16_t *weights) {
  double scale = (double)from / to;
  double widening = scale > 1 ? scale : 1;
  double centre = (row + 0.5) * scale;
  double low = centre - 2 * widening, high = centre + 2 * widening;
  uint32_t first = low > 0 ? (uint32_t)(low + 0.5) : 0;
  uint32_t end = high + 0.5 < from ? (uint32_t)(high + 0.5) : from;
  double sum = 0;
  for (uint32_t i = first; i < end; i++) sum += catmull_rom((i + 0.5 - centre) / widening);
  int32_t left = ONE;
  uint32_t heaviest = 0;
  for (uint32_t i = 0; i < end - first; i++) {
    weights[i] = (int16_t)lround(catmull_rom((first + i + 0.5 - centre) / widening) / sum * ONE);
    left -= weights[i];
    if (weights[i] > weights[heaviest]) heaviest = i;
  }
  weights[heaviest] = (int16_t)(weights[heaviest] + left);
  return (struct taps){first, end - first};
}

/* Code for more than the oldest x64 processors, chosen when it is loaded. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define FOR_EACH_CPU __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

/* One resized row, in strips that stay in the cache. */
enum { STRIP = 1024 };

FOR_EACH_CPU
static void weigh(const int16_t *restrict rows, struct taps taps, const int16_t *restrict weights, uint32_t width,
                  int16_t *restrict resized) {
  for (uint32_t start = 0; start < width; start += STRIP) {
    uint32_t n = width - start < STRIP ? width - start : STRIP;
    int16_t *restrict sums = resized + start;
    for (uint32_t x = 0; x < n; x++) sums[x] = 0;
    for (uint32_t t = 0; t < taps.count; t++) {
      const int16_t *restrict row = rows + (size_t)(taps.first + t) * width + start;
      int16_t weight = weights[t];
      /* The product's upper half, rounded: one instruction for 16 of them (vpmulhrsw). */
      for (uint32_t x = 0; x < n; x++) sums[x] += (int16_t)((((int32_t)row[x] * weight >> 14) + 1) >> 1);
    }
    /* Sums of such halves are half of what they should be. */
    for (uint32_t x = 0; x < n; x++) sums[x] = (int16_t)(sums[x] * 2);
  }
}

void resize_rows(const int16_t *restrict rows, uint32_t from, uint32_t width, int16_t *restrict resized, uint32_t to,
                 int16_t *weights) {
  for (uint32_t row = 0; row < to; row++) {
    struct taps taps = taps_of(row, from, to, weights);
    weigh(rows, taps, weights, width, resized + (size_t)row * width);
  }
}
