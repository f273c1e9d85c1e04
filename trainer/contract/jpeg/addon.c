#include <node_api.h>
#include <stdlib.h>
#include <time.h>

#include "decode.h"

static napi_value string_of(napi_env env, const char *text) {
  napi_value value;
  return napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok ? value : NULL;
}

static napi_value misused(napi_env env) {
  napi_throw_type_error(env, NULL, "decode(bytes: Uint8Array, size: number, maximumPixels: number, pixels: Uint8Array)");
  return NULL;
}

/* The bytes that a Uint8Array shows; 0 for anything else. */
static int bytes_of(napi_env env, napi_value value, uint8_t **bytes, size_t *length) {
  bool is_typed = false;
  napi_typedarray_type type;
  if (napi_is_typedarray(env, value, &is_typed) != napi_ok || !is_typed) return 0;
  return napi_get_typedarray_info(env, value, &type, length, (void **)bytes, NULL, NULL) == napi_ok && type == napi_uint8_array;
}

/* decode(bytes, size, maximumPixels, pixels): undefined when `pixels` is filled, else a word or sentence that says why not. */
static napi_value decode(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4], nothing;
  uint8_t *bytes, *pixels;
  size_t length, room;
  uint32_t size, maximum_pixels;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != 4) return misused(env);
  if (!bytes_of(env, arguments[0], &bytes, &length) || !bytes_of(env, arguments[3], &pixels, &room)) return misused(env);
  if (napi_get_value_uint32(env, arguments[1], &size) != napi_ok) return misused(env);
  if (napi_get_value_uint32(env, arguments[2], &maximum_pixels) != napi_ok) return misused(env);
  if (size == 0 || size > 4096 || room != (size_t)size * size * 3) return misused(env);
  struct jpeg_scratch *scratch;
  if (napi_get_instance_data(env, (void **)&scratch) != napi_ok) return NULL;
  char reason[JPEG_REASON_BYTES];
  switch (jpeg_decode(bytes, length, size, maximum_pixels, pixels, scratch, reason)) {
    case JPEG_DECODED: return napi_get_undefined(env, &nothing) == napi_ok ? nothing : NULL;
    case JPEG_OF_ANOTHER_KIND: return string_of(env, "another kind");
    case JPEG_TOO_MANY_PIXELS: return string_of(env, "too many pixels");
    case JPEG_DAMAGED: break;
  }
  return string_of(env, reason);
}

/*
 * Milliseconds of CPU that this thread has used. Node's own process.threadCpuUsage() reads getrusage(2), which knows of what
 * ran only up to the kernel's last tick: a batch ends some milliseconds before that.
 */
static napi_value thread_cpu(napi_env env, napi_callback_info info) {
  (void)info;
  struct timespec used;
  napi_value milliseconds;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  double value = (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
  return napi_create_double(env, value, &milliseconds) == napi_ok ? milliseconds : NULL;
}

static int export_function(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

static void finish(napi_env env, void *scratch, void *hint) {
  (void)env, (void)hint;
  jpeg_scratch_release(scratch);
  free(scratch);
}

/* Holds nothing of the process: each worker thread loads it for itself. */
NAPI_MODULE_INIT() {
  struct jpeg_scratch *scratch = calloc(1, sizeof *scratch);
  if (!scratch || napi_set_instance_data(env, scratch, finish, NULL) != napi_ok) return NULL;
  if (!export_function(env, exports, "decode", decode) || !export_function(env, exports, "threadCpu", thread_cpu)) return NULL;
  if (napi_set_named_property(env, exports, "version", string_of(env, jpeg_library_version())) != napi_ok) return NULL;
  return exports;
}
