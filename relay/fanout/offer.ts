import { fingerprintOf } from '../../protocol/audio/description.ts'
import { MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import { bad, good, type Result } from '../../protocol/result.ts'

/** RFC 6464: the loudness of each packet, readable although its payload is not. */
const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'

/** What the relay takes from a session's offer (FANOUT-2). Nothing else of it is looked at, or given to anybody. */
export interface Offer {
  /** SHA-256, 32 bytes. */
  readonly fingerprint: Uint8Array
  readonly ufrag: string
  readonly password: string
  /** In their order. */
  readonly sections: readonly Section[]
}

/** One audio section, named by its `mid`. */
export type Section =
  /** Receives the voice that is in the slot. */
  | { readonly kind: 'slot'; readonly mid: string; readonly payloadType: number }
  /** Sends a speaker's own voice. `source`: its SSRC; `level`: the id of the header extension that says how loud it is. */
  | {
      readonly kind: 'voice'
      readonly mid: string
      readonly payloadType: number
      readonly source: number
      readonly level: number | undefined
    }

/**
 * Reads an offer: one to three sections that only receive, at most one that only sends, Opus in each, one transport for all.
 * The text is one that the protocol allows: printable ASCII and line ends.
 */
export function readOffer(sdp: string): Result<Offer, 'wrong-description' | 'wrong-fingerprint'> {
  const fingerprint = fingerprintOf(sdp)
  if (fingerprint === undefined) return bad('wrong-fingerprint')
  const [session = [], ...media] = partsOf(sdp)
  const sections: Section[] = []
  for (const rows of media) {
    const section = readSection(rows, session)
    if (section === undefined) return bad('wrong-description', `m=${sections.length}`)
    sections.push(section)
  }
  const slots = sections.filter(({ kind }) => kind === 'slot').length
  const mids = new Set(sections.map(({ mid }) => mid))
  if (slots < 1 || slots > MAX_VOICE_SLOTS || sections.length > slots + 1 || mids.size < sections.length)
    return bad('wrong-description', 'sections')
  const [first = []] = media
  const ufrag = fieldOf(first, 'a=ice-ufrag:') ?? fieldOf(session, 'a=ice-ufrag:')
  const password = fieldOf(first, 'a=ice-pwd:') ?? fieldOf(session, 'a=ice-pwd:')
  // RFC 8839 §5.4: both are of letters, digits, plus and slash.
  if (ufrag === undefined || !/^[\w+/-]{4,256}$/.test(ufrag)) return bad('wrong-description', 'ice-ufrag')
  if (password === undefined || !/^[\w+/-]{22,256}$/.test(password))
    return bad('wrong-description', 'ice-pwd')
  return good({ fingerprint, ufrag, password, sections })
}

function readSection(rows: readonly string[], session: readonly string[]): Section | undefined {
  const [, types = ''] = /^m=audio \d+ UDP\/TLS\/RTP\/SAVPF ([\d ]+)$/.exec(rows[0] ?? '') ?? []
  const mid = fieldOf(rows, 'a=mid:')
  if (mid === undefined || !/^[\w-]{1,16}$/.test(mid)) return undefined
  const listed = types.split(' ').map(Number)
  const payloadType = rows
    .map((row) => /^a=rtpmap:(\d{1,3}) opus\/48000\/2$/i.exec(row))
    .flatMap((match) => (match ? [Number(match[1])] : []))
    .find((type) => type >= 96 && type <= 127 && listed.includes(type))
  if (payloadType === undefined) return undefined
  // What a section says of itself counts; Firefox says `sendrecv` of the session as well.
  const direction = directionOf(rows) ?? directionOf(session)
  if (direction === 'recvonly') return { kind: 'slot', mid, payloadType }
  if (direction !== 'sendonly') return undefined
  const source = Number(/^(\d{1,10}) /.exec(fieldOf(rows, 'a=ssrc:') ?? '')?.[1])
  if (!(source <= 0xffffffff)) return undefined
  const extension = rows.map((row) => /^a=extmap:(\d{1,2})(?:\/\w+)? (\S+)/.exec(row))
  const level = extension.find((match) => match?.[2] === AUDIO_LEVEL)?.[1]
  // One-byte header extensions have the ids 1 to 14 (RFC 8285 §4.2).
  const id = Number(level)
  return { kind: 'voice', mid, payloadType, source, level: id >= 1 && id <= 14 ? id : undefined }
}

function directionOf(rows: readonly string[]): string | undefined {
  return ['sendrecv', 'sendonly', 'recvonly', 'inactive'].find((one) => rows.includes(`a=${one}`))
}

/** The lines of the session and of each of its media. */
function partsOf(sdp: string): string[][] {
  const parts: string[][] = [[]]
  for (const row of sdp.split(/\r?\n/)) {
    if (row.startsWith('m=')) parts.push([])
    parts.at(-1)?.push(row)
  }
  return parts
}

function fieldOf(rows: readonly string[], prefix: string): string | undefined {
  return rows.find((row) => row.startsWith(prefix))?.slice(prefix.length)
}

/**
 * The offer as the library gets it: made anew from what was read, so that nothing that a stranger wrote reaches it. Without candidates: the relay
 * goes to nobody, it is come to.
 */
export function plainOffer({ fingerprint, ufrag, password, sections }: Offer): string {
  return lines([
    ...head(sections),
    ...sections.flatMap((section) => [
      ...media(section),
      ...(section.kind === 'slot' ? ['a=recvonly'] : ['a=sendonly', `a=ssrc:${section.source} cname:voice`]),
      `a=fingerprint:sha-256 ${pairs(fingerprint)}`,
      `a=ice-ufrag:${ufrag}`,
      `a=ice-pwd:${password}`,
      // The relay opens the handshake: it is the last to know that there is a road, so the other side is there by then. The other way round the
      // first message comes too early, and is said again a second later (measured).
      'a=setup:passive',
    ]),
  ])
}

/** How a relay can be reached on one connection. */
export interface Transport {
  readonly fingerprint: Uint8Array
  readonly ufrag: string
  readonly password: string
  /** Lines after `a=`. */
  readonly candidates: readonly string[]
}

/**
 * What an answer says of how its relay can be reached.
 * @param announce addresses in place of those that it names
 */
export function readTransport(sdp: string, announce: readonly string[]): Transport | undefined {
  const fingerprint = fingerprintOf(sdp)
  const ufrag = /^a=ice-ufrag:([\w+/-]{4,256})\r?$/m.exec(sdp)?.[1]
  const password = /^a=ice-pwd:([\w+/-]{22,256})\r?$/m.exec(sdp)?.[1]
  const own = [...sdp.matchAll(/^a=(candidate:\S+ 1 UDP \d+ )(\S+)( \d+ typ host)/gim)]
  if (fingerprint === undefined || ufrag === undefined || password === undefined || own.length === 0)
    return undefined
  const [first] = own as [RegExpExecArray]
  const candidates =
    announce.length > 0
      ? announce.map((address) => `${first[1]}${address}${first[3]}`)
      : [...new Set(own.map(([, head, address, tail]) => `${head}${address}${tail}`))]
  return { fingerprint, ufrag, password, candidates }
}

export interface AnswerTo {
  readonly sections: readonly Section[]
  readonly transport: Transport
  /** Of each slot, in their order. */
  readonly sources: readonly number[]
  /** What the speaker is asked for. */
  readonly voice: VoiceWish
}

export interface VoiceWish {
  /** Milliseconds of sound in each packet. */
  readonly packetTime: number
  /** Nothing is sent in silence: the pauses can be seen by whoever sees the packets. */
  readonly dtx: boolean
}

/** The relay's answer to a session: its sections, Opus alone, and no header extension but the loudness of a voice that is sent. */
export function answerSdp({ sections, transport, sources, voice }: AnswerTo): string {
  let slot = 0
  return lines([
    ...head(sections),
    ...sections.flatMap((section) => {
      const rows = [
        ...media(section),
        `a=fingerprint:sha-256 ${pairs(transport.fingerprint)}`,
        `a=ice-ufrag:${transport.ufrag}`,
        `a=ice-pwd:${transport.password}`,
        'a=setup:active',
        ...transport.candidates.map((candidate) => `a=${candidate}`),
        'a=end-of-candidates',
      ]
      const { payloadType } = section
      if (section.kind === 'slot') {
        const source = sources[slot]
        // All sections have one payload type: a receiver tells them apart by what is announced here.
        rows.push(
          'a=sendonly',
          `a=ssrc:${source} cname:palabre`,
          `a=ssrc:${source} msid:slot${slot} voice${slot}`,
        )
        slot += 1
        return rows
      }
      const { packetTime, dtx } = voice
      rows.push(
        'a=recvonly',
        `a=fmtp:${payloadType} minptime=10;useinbandfec=1${dtx ? ';usedtx=1' : ''}`,
        `a=ptime:${packetTime}`,
      )
      if (section.level !== undefined) rows.push(`a=extmap:${section.level} ${AUDIO_LEVEL}`)
      return rows
    }),
  ])
}

function head(sections: readonly Section[]): string[] {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${sections.map(({ mid }) => mid).join(' ')}`,
    'a=msid-semantic:WMS *',
  ]
}

function media({ mid, payloadType }: Section): string[] {
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    'a=rtcp-mux',
    `a=rtpmap:${payloadType} opus/48000/2`,
  ]
}

/** `AB:CD:…`, as RFC 8122 writes fingerprints. */
function pairs(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
}

function lines(rows: readonly string[]): string {
  return `${rows.join('\r\n')}\r\n`
}
