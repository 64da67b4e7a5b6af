/**
 * W3C WebRTC §4.3.3, in which `failed` is told apart: `failed` found no road and may find one after `restartIce`; `untrusted` found the
 * other side with another certificate than its description names, or was found so itself, which no restart changes.
 */
export type ConnectionState =
  | 'new'
  | 'connecting'
  | 'connected'
  | 'disconnected'
  | 'failed'
  | 'untrusted'
  | 'closed'
