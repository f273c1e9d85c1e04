#ifndef SHELFWISE_JPEG_RESIZE_H
#define SHELFWISE_JPEG_RESIZE_H

#include <stddef.h>
#include <stdint.h>

/* Between the two passes a byte stands as so many times itself in 16 bits: precise, and with room for what overshoots. */
enum { FRACTION_BITS = 6 };

/* How many weights resize_rows needs room for. */
size_t resize_weights(uint32_t from, uint32_t to);

/*
 * Brings `from` rows of `width` numbers to `to` rows by Catmull-Rom interpolation, which is widened where rows become fewer,
 * so that nothing aliases. In integers alone: every CPU gives the same.
 */
void resize_rows(const int16_t *restrict rows, uint32_t from, uint32_t width, int16_t *restrict resized, uint32_t to,
                 int16_t *weights);

#endif
