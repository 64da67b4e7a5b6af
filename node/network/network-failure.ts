import { NetworkError, type NetworkErrorCode } from './network-error.ts'

/** libp2p names its errors; several classes share a package-private definition, so the name is what can be compared. */
const CODES: Readonly<Record<string, NetworkErrorCode>> = {
  UnsupportedProtocolError: 'refused',
  TooManyOutboundProtocolStreamsError: 'refused',
  InvalidDataLengthError: 'too-large',
  InvalidDataLengthLengthError: 'too-large',
  ConnectionClosedError: 'closed',
  ConnectionClosingError: 'closed',
  MuxerClosedError: 'closed',
  NotStartedError: 'closed',
  StreamAbortedError: 'closed',
  StreamResetError: 'closed',
  StreamClosedError: 'closed',
  StreamStateError: 'closed',
  UnexpectedEOFError: 'closed',
  TimeoutError: 'timeout',
  AbortError: 'aborted',
}

/** The error that a caller of `Network` sees for whatever libp2p threw while `doing` was under way. */
export function networkFailure(
  doing: string,
  error: unknown,
  signal: AbortSignal,
  otherwise: NetworkErrorCode,
): NetworkError {
  if (error instanceof NetworkError) return error
  if (signal.aborted) return abortFailure(doing, signal)
  const name = error instanceof Error ? error.name : ''
  return new NetworkError(CODES[name] ?? otherwise, `${doing} failed`, { cause: error })
}

/** What an aborted signal means: its time is over, its network stopped (the reason says so), or its owner gave up. */
export function abortFailure(doing: string, signal: AbortSignal): NetworkError {
  const reason: unknown = signal.reason
  if (reason instanceof NetworkError) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new NetworkError('timeout', `${doing} took too long`, { cause: reason })
  }
  return new NetworkError('aborted', `${doing} was given up`, { cause: reason })
}
