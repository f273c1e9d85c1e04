import type { Dispatcher } from 'undici';

/**
 * A dispatcher that asks at the last moment: when a request has its connection and its first byte is about to be written, not
 * when it was queued. Between the two may lie a TCP and TLS handshake, or a minute in which the process was stopped. What
 * `check` throws fails the request, of which nothing was sent then.
 */
export function guardedDispatch(dispatcher: Dispatcher, check: () => void): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    const checked: Dispatcher.DispatchHandler = {
      onRequestStart(controller, context) {
        check();
        handler.onRequestStart?.(controller, context);
      },
      onResponseStarted: () => handler.onResponseStarted?.(),
      onResponseStart: (...given) => handler.onResponseStart?.(...given),
      onResponseData: (...given) => handler.onResponseData?.(...given),
      onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
      onResponseError: (...given) => handler.onResponseError?.(...given),
    };
    return dispatch(options, checked);
  });
}
