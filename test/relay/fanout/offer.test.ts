import { describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../../protocol/audio/description.ts'
import { answerSdp, plainOffer, readOffer } from '../../../relay/fanout/offer.ts'

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':')
const SESSION = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  `a=fingerprint:sha-256 ${FINGERPRINT}`,
]
const slot = (mid: string, ...more: string[]) => [
  'm=audio 9 UDP/TLS/RTP/SAVPF 0 109',
  `a=mid:${mid}`,
  'a=recvonly',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=setup:actpass',
  'a=rtpmap:109 opus/48000/2',
  ...more,
]
const voice = (mid: string) => [
  ...slot(mid).map((row) => row.replace('recvonly', 'sendonly')),
  'a=extmap:3/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'a=ssrc:4294967295 cname:me',
]
const sdp = (...parts: (readonly string[])[]) => `${[...SESSION, ...parts.flat()].join('\r\n')}\r\n`

describe('FANOUT-2 an offer', () => {
  it('is read as slots and a voice', () => {
    const read = readOffer(sdp(slot('0'), slot('1'), voice('2')))
    expect(read.ok && read.value.sections).toEqual([
      { kind: 'slot', mid: '0', payloadType: 109 },
      { kind: 'slot', mid: '1', payloadType: 109 },
      { kind: 'voice', mid: '2', payloadType: 109, source: 4294967295, level: 3 },
    ])
    expect(read.ok && [read.value.ufrag, read.value.password]).toEqual(['abcd', 'abcdefghijklmnopqrstuvwx'])
  })

  it('has the directions of its sections, whatever it says of all', () => {
    const read = readOffer(sdp(['a=sendrecv'], slot('0')))
    expect(read.ok && read.value.sections.map(({ kind }) => kind)).toEqual(['slot'])
  })

  const slots = (n: number) => Array.from({ length: n }, (_, i) => slot(String(i)))
  it.each([
    ['no section', sdp()],
    ['no slot', sdp(voice('0'))],
    ['four slots', sdp(...slots(4))],
    ['two voices', sdp(slot('0'), voice('1'), voice('2'))],
    ['video', sdp(slot('0'), ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:1', 'a=recvonly'])],
    ['a data channel', sdp(slot('0'), ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=mid:1'])],
    ['a section both ways', sdp(slot('0').map((row) => row.replace('recvonly', 'sendrecv')))],
    ['a section without a direction', sdp(slot('0').filter((row) => row !== 'a=recvonly'))],
    ['no Opus', sdp(slot('0').map((row) => row.replace('opus', 'PCMU')))],
    ['Opus that is not listed', sdp(slot('0').map((row) => row.replace(' 109', ' 110')))],
    ['no mid', sdp(slot('0').filter((row) => row !== 'a=mid:0'))],
    ['a mid twice', sdp(slot('0'), slot('0'))],
    ['a mid of other characters', sdp(slot('0 1'))],
    ['no user fragment', sdp(slot('0').filter((row) => !row.startsWith('a=ice-ufrag')))],
    ['a short password', sdp(slot('0').map((row) => row.replace('mnopqrstuvwx', '')))],
    [
      'a voice without its source',
      sdp(
        slot('0'),
        voice('1').filter((row) => !row.startsWith('a=ssrc')),
      ),
    ],
  ])('is refused: %s', (_name, text) => {
    expect(readOffer(text)).toMatchObject({ ok: false, reason: 'wrong-description' })
  })

  it('is refused with no fingerprint, or two', () => {
    const other = `a=fingerprint:sha-256 ${FINGERPRINT.replaceAll('B', 'C')}`
    expect(readOffer(sdp(slot('0')).replace(/a=fing.*\r\n/, ''))).toMatchObject({
      reason: 'wrong-fingerprint',
    })
    expect(readOffer(sdp(slot('0', other)))).toMatchObject({ reason: 'wrong-fingerprint' })
  })

  it('reaches the library without anything that its author wrote beside it', () => {
    const evil = slot('0', 'a=candidate:1 1 udp 1 192.0.2.1 9 typ host', 'a=rtcp-fb:109 transport-cc')
    const read = readOffer(sdp(evil))
    if (!read.ok) throw new Error(read.reason)
    expect(plainOffer(read.value)).not.toMatch(/192\.0\.2\.1|transport-cc|actpass/)
    expect(readOffer(plainOffer(read.value))).toMatchObject({ ok: true })
  })
})

describe('FANOUT-2 an answer', () => {
  const read = readOffer(sdp(slot('0'), slot('1'), voice('2')))
  if (!read.ok) throw new Error(read.reason)
  const { sections, fingerprint } = read.value
  const text = answerSdp({
    sections,
    transport: {
      fingerprint,
      ufrag: 'efgh',
      password: 'p'.repeat(24),
      candidates: ['candidate:1 1 UDP 1 127.0.0.1 4000 typ host'],
    },
    sources: [7, 8, 9],
    voice: { packetTime: 60, dtx: true },
  })

  it('has a section for each, Opus alone, and says what the relay wants of a voice', () => {
    expect(text.match(/^m=.*$/gm)).toEqual(Array(3).fill('m=audio 9 UDP/TLS/RTP/SAVPF 109'))
    expect(text.match(/^a=(sendonly|recvonly)$/gm)).toEqual(['a=sendonly', 'a=sendonly', 'a=recvonly'])
    expect(text.match(/^a=ptime:.*$/gm)).toEqual(['a=ptime:60'])
    expect(text.match(/usedtx=1/g)).toHaveLength(1)
    expect(text.match(/^a=extmap.*$/gm)).toEqual(['a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level'])
    expect(text.match(/^a=ssrc:\d+ cname/gm)).toEqual(['a=ssrc:7 cname', 'a=ssrc:8 cname'])
    expect(text).not.toMatch(/transport-cc|actpass/)
    expect(fingerprintOf(text)).toEqual(fingerprint)
  })
})
