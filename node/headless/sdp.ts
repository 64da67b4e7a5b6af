/** Session descriptions (RFC 9429), as far as a peer without devices reads and changes them. */

export type SectionDirection = 'sendonly' | 'recvonly' | 'sendrecv' | 'inactive'

/** One section (`m=`) of a description. */
export interface Section {
  readonly mid: string
  readonly direction: SectionDirection
  /** The RTP payload type that its sender says is Opus. */
  readonly opus: number | undefined
  /** The id of the header extension that says how loud a packet is (RFC 6464). */
  readonly level: number | undefined
}

export function readSections(sdp: string): readonly Section[] {
  return partsOf(sdp)
    .slice(1)
    .flatMap((part) => {
      const mid = /^a=mid:(\S+)\r?$/m.exec(part)?.[1]
      const direction = /^a=(sendonly|recvonly|sendrecv|inactive)\r?$/m.exec(part)?.[1] ?? 'sendrecv'
      const opus = /^a=rtpmap:(\d+) opus\/48000\/2\r?$/im.exec(part)?.[1]
      const level = /^a=extmap:(\d+)\S* urn:ietf:params:rtp-hdrext:ssrc-audio-level\b/m.exec(part)?.[1]
      if (mid === undefined) return []
      return [{ mid, direction: direction as SectionDirection, opus: numberOf(opus), level: numberOf(level) }]
    })
}

/** The fragment by which the roads of a description are known; another one means new roads (RFC 8839 §4.4.1.1.1). */
export function fragmentOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)\r?$/m.exec(sdp)?.[1]
}

/**
 * An offer as if its maker wanted to begin DTLS (RFC 8842 §5.2), so that the library answers that it waits. Before the answer is there the maker's ICE
 * answers checks (RFC 8445 §7.3), so that whoever answers has found a road while the other has not, where a first message of DTLS is lost; OpenSSL says
 * it again a second later. Whoever offers begins when the answer is there, and finds somebody who is ready.
 */
export function asClient(offer: string): string {
  return offer.replace(/^a=setup:actpass(?=\r?$)/gm, 'a=setup:active')
}

/**
 * What the library wrote, as it leaves: without roads, which go on their own, without promises that nobody keeps (feedback, header extensions
 * other than loudness), and with each section in the direction that is meant.
 * @param level what says how loud a packet is, for sections that send and have no such line
 */
export function tidied(sdp: string, directionOf: (mid: string) => SectionDirection, level: string): string {
  return partsOf(sdp)
    .map((part, i) => {
      const rest = part
        .replace(/^a=(candidate:|end-of-candidates|rtcp-fb:).*\r\n/gm, '')
        .replace(/^a=extmap:(?!\d+\S* urn:ietf:params:rtp-hdrext:ssrc-audio-level).*\r\n/gm, '')
      if (i === 0) return rest
      const mid = /^a=mid:(\S+)\r\n/m.exec(rest)?.[1] ?? ''
      const direction = directionOf(mid)
      const turned = rest.replace(/^a=(sendonly|recvonly|sendrecv|inactive)\r\n/m, `a=${direction}\r\n`)
      const isBare = direction === 'sendonly' && !turned.includes('a=extmap:')
      return isBare ? turned.replace(/^a=mid:.*\r\n/m, (row) => row + level) : turned
    })
    .join('')
}

/** The session's rows, and those of each section. */
function partsOf(sdp: string): readonly string[] {
  return sdp.split(/^(?=m=)/m)
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}
