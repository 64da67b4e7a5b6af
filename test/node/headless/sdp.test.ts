import { expect, it } from 'vitest'
import { iceServerOf } from '../../../node/headless/ice-servers.ts'
import { fragmentOf, readSections, tidied } from '../../../node/headless/sdp.ts'

const rows = (...lines: readonly string[]) => lines.map((line) => `${line}\r\n`).join('')
const LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'
const SESSION = rows('v=0', 'a=group:BUNDLE 0 v1', 'a=ice-ufrag:abcd')
const THEIRS = rows(
  'm=audio 9 UDP/TLS/RTP/SAVPF 109',
  'a=mid:0',
  'a=sendonly',
  `a=extmap:3/sendonly ${LEVEL}`,
  'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
  'a=rtpmap:109 opus/48000/2',
  'a=rtcp-fb:109 transport-cc',
  'a=candidate:1 1 UDP 1 192.0.2.1 9 typ host',
  'a=end-of-candidates',
)
const OURS = rows('m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:v1', 'a=recvonly', 'a=rtpmap:111 opus/48000/2')

it('RFC 9429 reads what the other side describes', () => {
  expect(readSections(SESSION + THEIRS + OURS)).toEqual([
    { mid: '0', direction: 'sendonly', opus: 109, level: 3 },
    { mid: 'v1', direction: 'recvonly', opus: 111, level: undefined },
  ])
  expect(readSections(SESSION)).toEqual([])
  expect(fragmentOf(SESSION + THEIRS)).toBe('abcd')
  expect(fragmentOf(THEIRS)).toBeUndefined()
})

it('sends no roads and no promises in a description, and each section in the direction that is meant', () => {
  const level = `a=extmap:1 ${LEVEL}\r\n`
  const sent = tidied(SESSION + THEIRS + OURS, (mid) => (mid === '0' ? 'inactive' : 'sendonly'), level)
  expect(sent).toBe(
    SESSION +
      rows(
        'm=audio 9 UDP/TLS/RTP/SAVPF 109',
        'a=mid:0',
        'a=inactive',
        `a=extmap:3/sendonly ${LEVEL}`,
        'a=rtpmap:109 opus/48000/2',
      ) +
      rows('m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:v1') +
      level +
      rows('a=sendonly', 'a=rtpmap:111 opus/48000/2'),
  )
})

it('RFC 7064, RFC 7065 takes the servers of a community, each address for itself', () => {
  const user = { username: 'awa', credential: 'secret' }
  const known = iceServerOf({ urls: ['turn:a.example?transport=tcp', 'turns:a.example:443'], ...user })
  expect(known).toEqual([
    { hostname: 'a.example', port: 3478, relayType: 'TurnTcp', username: 'awa', password: 'secret' },
    { hostname: 'a.example', port: 443, relayType: 'TurnTls', username: 'awa', password: 'secret' },
  ])
  expect(iceServerOf({ urls: 'stun:b.example' })).toEqual([{ hostname: 'b.example', port: 3478 }])
  expect(iceServerOf({ urls: ['stuns:b.example', 'https://b.example'] })).toEqual([])
})
