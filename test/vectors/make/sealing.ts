import { compareBytes } from '../../../protocol/bytes.ts'
import { encodeValue, type Value } from '../../../protocol/codec.ts'
import type { AppealContent, ReportContent } from '../../../protocol/community/sealed.ts'
import { type Id, idBytes, type KeyText, keyBytes, keyText } from '../../../protocol/ids.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { padded, type Sealing, sealed } from '../../support/sealing.ts'
import { type Case, hex, type Tagged, toTagged } from '../format.ts'
import type { Cast } from './cast.ts'

/** Something sealed, and somebody who opens it. */
export interface SealedCase extends Case {
  readonly type: 'report' | 'appeal'
  readonly m: string
  readonly n: number
  readonly prev: string
  /** Of the council for which it is to be opened. */
  readonly v: number
  readonly keys: readonly string[]
  /** The Ed25519 seed of whoever opens it. */
  readonly opener: string
  readonly sealed: string
  /** Of a case that opens: what was sealed, with this seed. */
  readonly content?: Tagged
  readonly seed?: string
}

export interface SealedFile {
  readonly spec: string
  readonly community: string
  readonly cases: readonly SealedCase[]
}

/** How somebody opens it who opens it otherwise than it was sealed. */
interface Opening {
  readonly opener?: string
  readonly keys?: readonly KeyText[]
  readonly as?: Partial<Sealing>
}

const NOT_ADMITTED = keyText(Uint8Array.of(1, ...new Uint8Array(31)))

/** §6.14, made by another implementation than the protocol's. */
export function sealedFile({ founded, alice, bob, room, join }: Cast): SealedFile {
  const { community } = founded
  const one = inOrder([keyOf('first')])
  const three = inOrder(['first', 'second', 'third'].map(keyOf))
  const sixteen = inOrder(Array.from({ length: 16 }, (_, i) => keyOf(`council ${i}`)))
  const words = 'Il m’a insultée trois fois, et il a recommencé.'
  const report: ReportContent = { of: bob.member, why: 'abuse', words, room }
  const appeal: AppealContent = { words: 'It was my brother who spoke.' }
  const place = { community, m: alice.member, n: 7, prev: join.id as Id, seed: bytesOf('a seed') }
  const ofReport: Sealing = { ...place, type: 'report', v: 0, keys: one }
  const ofThree: Sealing = { ...ofReport, keys: three, v: 3 }
  const ofAppeal: Sealing = { ...ofReport, type: 'appeal', m: bob.member }

  const judged = (sealing: Sealing, bytes: Uint8Array, { opener = 'first', keys, as }: Opening) => {
    const { type, m, n, prev, v } = { ...sealing, ...as }
    return {
      type: type as SealedCase['type'],
      m: hex(idBytes(m)),
      n,
      prev: hex(idBytes(prev)),
      v,
      keys: (keys ?? as?.keys ?? sealing.keys).map((each) => hex(keyBytes(each))),
      opener: hex(bytesOf(opener)),
      sealed: hex(bytes),
    }
  }
  const opens = (
    name: string,
    rule: string,
    sealing: Sealing,
    content: ReportContent | AppealContent,
    opening: Opening = {},
  ): SealedCase => {
    const value = plain(content)
    const bytes = sealed(sealing, value)
    return {
      name,
      rule,
      ...judged(sealing, bytes, opening),
      content: toTagged(value),
      seed: hex(sealing.seed),
    }
  }
  const fails = (
    name: string,
    rule: string,
    reason: string,
    bytes: Uint8Array,
    opening: Opening = {},
    sealing = ofReport,
  ): SealedCase => ({ name, rule, reason, ...judged(sealing, bytes, opening) })

  const good = sealed(ofReport, plain(report))
  const changed = (change: (fields: { [name: string]: Value }) => Value, sealing = ofReport) =>
    sealed(sealing, plain(report), { change })
  const wrapped = (fields: { [name: string]: Value }) => fields.to as readonly Uint8Array[]
  const saying = (content: Value, sealing = ofReport) => sealed(sealing, content)
  const withPlain = (bytes: Uint8Array) => sealed(ofReport, {}, { plain: bytes })
  const longest = { ...report, words: '話'.repeat(500), why: 'illegal' as const }
  return {
    spec: '§6.14',
    community: hex(idBytes(community)),
    cases: [
      opens('a report, for a founder alone', 'SEAL-3', ofReport, report),
      opens('a report that says no more than why', 'SEAL-4', ofReport, { of: bob.member, why: 'spam' }),
      opens('the longest report', 'SEAL-4', ofReport, longest),
      opens('an appeal', 'SEAL-3', ofAppeal, appeal),
      ...['first', 'second', 'third'].map((opener) =>
        opens(`for three, opened by the ${opener}`, 'SEAL-3', ofThree, report, { opener }),
      ),
      opens('for sixteen', 'SEAL-3', { ...ofReport, keys: sixteen, v: 9_007_199_254_740_991 }, longest, {
        opener: 'council 11',
      }),
      opens('a key that nobody can sign with gets none', 'SEAL-1', ofThree, report, {
        keys: inOrder([...three, NOT_ADMITTED]),
      }),

      fails('nothing', 'SEAL-5', 'malformed', new Uint8Array(0)),
      fails('cut short', 'SEAL-5', 'malformed', good.slice(0, -1)),
      fails('one byte more', 'SEAL-5', 'trailing-bytes', Uint8Array.of(...good, 0)),
      fails('2,561 bytes', 'SEAL-5', 'too-large', new Uint8Array(2561)),
      fails(
        'a field of the future',
        'SEAL-5',
        'field-unknown',
        changed((all) => ({ ...all, y: 1 })),
      ),
      fails(
        'no box',
        'SEAL-5',
        'field-missing',
        changed(({ v, x, to }) => ({ v, x, to }) as Value),
      ),
      fails('a box of another length', 'SEAL-5', 'field-invalid', withPlain(new Uint8Array(1599))),
      fails(
        'for nobody',
        'SEAL-5',
        'field-invalid',
        changed((all) => ({ ...all, to: [] })),
      ),
      fails('for the council before', 'SEAL-5', 'council-version', good, { as: { v: 1 } }),
      fails('opened by a stranger', 'SEAL-5', 'sealed-for-others', good, { opener: 'stranger' }),
      fails(
        'one of three was left out',
        'SEAL-5',
        'sealed-wrong',
        changed((all) => ({ ...all, to: wrapped(all).slice(1) }), ofThree),
        {},
        ofThree,
      ),
      fails(
        'for somebody more than the council',
        'SEAL-5',
        'sealed-wrong',
        sealed(ofThree, plain(report)),
        { as: { v: 3, keys: one } },
        ofThree,
      ),
      ...[
        ['0', '00'],
        ['1', '01'],
        ['-1', `ec${'ff'.repeat(30)}7f`],
        ['a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
        ['the other one', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
        ['p, which is 0', `ed${'ff'.repeat(30)}7f`],
        ['p + 1, which is 1', `ee${'ff'.repeat(30)}7f`],
        ['a spare bit set', `09${'00'.repeat(30)}80`],
        ['another key', hex(bytesOf('another key').map((byte, i) => (i === 31 ? byte & 127 : byte)))],
      ].map(([what, bytes]) =>
        fails(
          `x is ${what}`,
          'SEAL-5',
          'sealed-wrong',
          changed((all) => ({ ...all, x: xOf(bytes as string) })),
        ),
      ),
      fails(
        'x has a point of small order added to it, with which everybody shares the same',
        'SEAL-5',
        'sealed-wrong',
        sealed(ofReport, plain(report), { withTorsion: true }),
      ),
      ...[0, 1, 2].map((to) =>
        fails(
          `number ${to + 1} of three was given something else, and the first one opens`,
          'SEAL-5',
          'sealed-wrong',
          sealed(ofThree, plain(report), { given: { to, seed: bytesOf('another seed') } }),
          {},
          ofThree,
        ),
      ),
      fails(
        'items of two changed places',
        'SEAL-5',
        'sealed-wrong',
        changed((all) => ({ ...all, to: wrapped(all).toReversed() }), ofThree),
        {},
        ofThree,
      ),
      fails(
        'one bit of a key',
        'SEAL-5',
        'sealed-wrong',
        changed((all) => ({ ...all, to: wrapped(all).map(flipped) })),
      ),
      fails(
        'one bit of the box',
        'SEAL-5',
        'sealed-wrong',
        changed((all) => ({ ...all, box: flipped(all.box as Uint8Array) })),
      ),
      fails('in the name of another', 'SEAL-2', 'sealed-wrong', good, { as: { m: bob.member } }),
      fails('at another place', 'SEAL-2', 'sealed-wrong', good, { as: { n: 8 } }),
      fails('after another statement', 'SEAL-2', 'sealed-wrong', good, { as: { prev: founded.genesis.id } }),
      fails('as an appeal', 'SEAL-2', 'sealed-wrong', good, { as: { type: 'appeal' } }),
      fails(
        'for other keys of as many',
        'SEAL-2',
        'sealed-wrong',
        sealed({ ...ofThree, keys: inOrder(['first', 'second', 'fourth'].map(keyOf)) }, plain(report)),
        {},
        ofThree,
      ),
      fails(
        'from another community',
        'SEAL-2',
        'sealed-wrong',
        sealed(
          {
            ...ofReport,
            community: founded.genesis.id.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) as never,
          },
          plain(report),
        ),
      ),
      fails(
        'a length that is too large',
        'SEAL-4',
        'malformed',
        withPlain(padded(new Uint8Array(0)).fill(255, 0, 2)),
      ),
      fails(
        'a byte in the padding',
        'SEAL-4',
        'malformed',
        withPlain(padded(encodeValue(plain(report))).fill(1, 1599)),
      ),
      fails('no content', 'SEAL-4', 'malformed', withPlain(new Uint8Array(1600))),
      fails('two contents', 'SEAL-4', 'trailing-bytes', withPlain(padded(twice(encodeValue(plain(appeal)))))),
      fails(
        'a content in another spelling',
        'SEAL-4',
        'indefinite-length',
        withPlain(padded(Uint8Array.of(0xbf, 0xff))),
      ),
      fails('a report of nobody', 'SEAL-5', 'field-missing', saying({ why: 'spam' })),
      fails(
        'for no listed reason',
        'SEAL-5',
        'field-invalid',
        saying({ of: idBytes(bob.member), why: 'noise' }),
      ),
      fails(
        '501 characters',
        'SEAL-5',
        'field-invalid',
        saying({ ...plainMap(report), words: 'a'.repeat(501) }),
      ),
      fails('more than a report says', 'SEAL-5', 'field-unknown', saying({ ...plainMap(report), at: 0 })),
      fails('an appeal without a word', 'SEAL-5', 'field-missing', saying({}, ofAppeal), {}, ofAppeal),
    ],
  }
}

function plain(content: ReportContent | AppealContent): Value {
  return plainMap(content)
}

function plainMap(content: ReportContent | AppealContent): { [name: string]: Value } {
  if (!('of' in content)) return { words: content.words }
  const { of, why, words, room } = content
  return {
    of: idBytes(of),
    why,
    ...(words === undefined ? {} : { words }),
    ...(room === undefined ? {} : { room: idBytes(room) }),
  }
}

function keyOf(label: string): KeyText {
  return signerOf(label).publicKey
}

function inOrder(keys: readonly KeyText[]): readonly KeyText[] {
  return keys.toSorted((a, b) => compareBytes(keyBytes(a), keyBytes(b)))
}

function xOf(start: string): Uint8Array {
  return new Uint8Array(Buffer.from(start.padEnd(64, '0'), 'hex'))
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === 20 ? byte ^ 4 : byte))
}

function twice(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes, ...bytes)
}
