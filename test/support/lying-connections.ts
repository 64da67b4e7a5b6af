import type { Connection, PeerConnections } from '../../node/ports/connections.ts'

/** Real connections of which some methods are replaced. @param lie the replacements, given the real connection */
export function lyingConnections(
  real: PeerConnections,
  lie: (connection: Connection) => Partial<Connection>,
): PeerConnections {
  return {
    checks: real.checks,
    audience: real.audience,
    allow: (speakers) => real.allow(speakers),
    use: (keys) => real.use(keys),
    rest: (resting) => real.rest(resting),
    close: () => real.close(),
    open(listener, speaker) {
      const connection = real.open(listener, speaker)
      const lies = lie(connection)
      return new Proxy(connection, {
        get(target, name: keyof Connection) {
          const value = lies[name] ?? target[name]
          // Private state is the real one's: a method must be called on it, not on this.
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}
