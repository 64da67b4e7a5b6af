import type { IceServer } from 'node-datachannel'

/** A STUN or TURN server as the library takes it: each of its addresses for itself (RFC 7064, RFC 7065). */
export function iceServerOf({ urls, username, credential }: RTCIceServer): readonly IceServer[] {
  return [urls].flat().flatMap((url) => {
    const [, scheme, host, port, transport] =
      /^(stuns?|turns?):([^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(url) ?? []
    if (host === undefined) return []
    if (scheme === 'stun') return [{ hostname: host, port: Number(port ?? 3478) }]
    if (scheme === 'stuns') return []
    const relayType = scheme === 'turns' ? 'TurnTls' : transport === 'tcp' ? 'TurnTcp' : 'TurnUdp'
    const user = { ...(username && { username }), ...(credential && { password: credential }) }
    return [{ hostname: host, port: Number(port ?? (scheme === 'turns' ? 5349 : 3478)), relayType, ...user }]
  })
}
