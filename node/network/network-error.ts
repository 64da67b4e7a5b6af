/**
 * - `unreachable`: no connection, and none could be made
 * - `timeout`: the signal's time is over
 * - `aborted`: the caller's signal was aborted for another reason
 * - `refused`: the other side does not speak the protocol, is busy, or ended the stream without an answer
 *   (also seen from one that is leaving: its streams end before its connection)
 * - `too-large`: a message over the stated bound, ours or theirs
 * - `closed`: the connection or this network ended meanwhile
 */
export type NetworkErrorCode = 'unreachable' | 'timeout' | 'aborted' | 'refused' | 'too-large' | 'closed'

export class NetworkError extends Error {
  override readonly name = 'NetworkError'
  readonly code: NetworkErrorCode

  constructor(code: NetworkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
