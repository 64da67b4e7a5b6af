import { expect, it } from 'vitest'
import { fingerprintOf } from '../../protocol/audio/description.ts'

const A = Array.from({ length: 32 }, () => 'AA').join(':')
const B = Array.from({ length: 32 }, () => 'BB').join(':')

it.each([
  ['one line', `v=0\r\na=fingerprint:sha-256 ${A}\r\n`],
  ['line feeds alone', `v=0\na=fingerprint:sha-256 ${A}\n`],
  [
    'the same twice, in other letters',
    `a=fingerprint:sha-256 ${A}\r\na=fingerprint:SHA-256 ${A.toLowerCase()}`,
  ],
])('DESC-4 finds the fingerprint: %s', (_name, sdp) => {
  expect(fingerprintOf(sdp)).toEqual(new Uint8Array(32).fill(0xaa))
})

it.each([
  ['none', 'v=0\r\n'],
  ['another one after it', `a=fingerprint:sha-256 ${A}\r\na=fingerprint:sha-256 ${B}`],
  ['another one in capitals', `a=fingerprint:sha-256 ${A}\r\nA=FINGERPRINT:sha-256 ${B}`],
  [
    'another one behind a lone carriage return',
    `a=fingerprint:sha-256 ${A}\r\na=x\ra=fingerprint:sha-256 ${B}`,
  ],
  ['another hash', `a=fingerprint:sha-1 ${A}`],
  ['another hash beside it', `a=fingerprint:sha-256 ${A}\r\na=fingerprint:sha-512 ${A}:${A}`],
  ['31 bytes', `a=fingerprint:sha-256 ${A.slice(3)}`],
  ['33 bytes', `a=fingerprint:sha-256 ${A}:AA`],
  ['a digit that is none', `a=fingerprint:sha-256 ${A.replace('AA', 'AG')}`],
  ['something after it', `a=fingerprint:sha-256 ${A} x`],
])('DESC-4 refuses: %s', (_name, sdp) => {
  expect(fingerprintOf(sdp)).toBeUndefined()
})
