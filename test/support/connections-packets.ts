/**
 * Reads captured packets: what tcpdump writes with `-w`, as far as "who was spoken to" needs it.
 *
 *   file:    24 bytes of header, then packets
 *   packet:  seconds (4), microseconds (4), captured length (4), length (4), Ethernet frame
 *   frame:   hardware addresses (12), type (2), IPv4 or IPv6 packet
 *
 * Numbers of the file are in this machine's byte order (little-endian everywhere that the lab runs), those of packets
 * big-endian. Sources: draft-ietf-opsawg-pcap, RFC 791, RFC 8200, RFC 1035 §4.1.
 */

export interface Packet {
  readonly protocol: 'tcp' | 'udp' | 'dns' | 'other'
  /** Port it was sent from; undefined where the protocol has none. */
  readonly sourcePort: number | undefined
  /** `address:port`, IPv6 in brackets; an address alone where there is no port; for `dns` the name asked for. */
  readonly remote: string
}

const FILE_HEADER = 24
const PACKET_HEADER = 16
const ETHERNET_HEADER = 14
const LITTLE_ENDIAN_MAGIC = 0xa1b2c3d4
const TYPE_IPV4 = 0x0800
const TYPE_IPV6 = 0x86dd
const TCP = 6
const UDP = 17
const DNS_PORT = 53
const DNS_HEADER = 12

/** Takes a capture as it grows, in pieces cut anywhere, and gives the packets that each piece completes. */
export function packetReader(): (piece: Uint8Array) => Packet[] {
  let pending: Buffer = Buffer.alloc(0)
  let begun = false
  return (piece) => {
    pending = Buffer.concat([pending, piece])
    const packets: Packet[] = []
    if (!begun) {
      if (pending.length < FILE_HEADER) return packets
      if (pending.readUInt32LE(0) !== LITTLE_ENDIAN_MAGIC) throw new Error('not a capture of this machine')
      pending = pending.subarray(FILE_HEADER)
      begun = true
    }
    while (pending.length >= PACKET_HEADER) {
      const end = PACKET_HEADER + pending.readUInt32LE(8)
      if (pending.length < end) break
      packets.push(readFrame(pending.subarray(PACKET_HEADER, end)))
      pending = pending.subarray(end)
    }
    return packets
  }
}

function readFrame(frame: Buffer): Packet {
  const type = frame.readUInt16BE(12)
  const packet = frame.subarray(ETHERNET_HEADER)
  if (type === TYPE_IPV4) {
    const address = packet.subarray(16, 20).join('.')
    return readTransport(packet.readUInt8(9), address, packet.subarray((packet.readUInt8(0) & 15) * 4))
  }
  if (type === TYPE_IPV6) {
    const words = Array.from({ length: 8 }, (_, i) => packet.readUInt16BE(24 + i * 2).toString(16))
    const address = `[${new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1)}]`
    return readTransport(packet.readUInt8(6), address, packet.subarray(40))
  }
  return { protocol: 'other', sourcePort: undefined, remote: `type 0x${type.toString(16)}` }
}

function readTransport(number: number, address: string, body: Buffer): Packet {
  if (number !== TCP && number !== UDP) return { protocol: 'other', sourcePort: undefined, remote: address }
  const sourcePort = body.readUInt16BE(0)
  const port = body.readUInt16BE(2)
  if (number === UDP && port === DNS_PORT) {
    return { protocol: 'dns', sourcePort, remote: readQuestion(body.subarray(8 + DNS_HEADER)) }
  }
  return { protocol: number === TCP ? 'tcp' : 'udp', sourcePort, remote: `${address}:${port}` }
}

/** The name in a DNS question: labels, each after its length, until an empty one. */
function readQuestion(question: Buffer): string {
  const labels: string[] = []
  let at = 0
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return labels.join('.')
}
