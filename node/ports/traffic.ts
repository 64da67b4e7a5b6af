/** How packets fare on one connection, as the platform counts them since the connection stands (W3C WebRTC Statistics). */
export interface Traffic {
  /** There and back, in milliseconds; undefined where the platform has not measured it. */
  readonly roundTrip: number | undefined
  /** How unevenly packets come (RFC 3550 §6.4.1), in milliseconds; undefined before the first. */
  readonly jitter: number | undefined
  /** Packets that came, and that should have come and did not. Late ones can take the second down again. */
  readonly received: number
  readonly lost: number
}
