import { describe, expect, it } from 'vitest'
import { logKey, logOrigin, type SignedCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { emptyRoot } from '../../../protocol/log/merkle.ts'
import type { Proof, TreeHead } from '../../../protocol/log/proof.ts'
import { encodeNote, type SignedNote, signNote } from '../../../protocol/log/signed-note.ts'
import {
  encodeAddCheckpoint,
  judgeCheckpoint,
  parseAddCheckpoint,
  sizeAnswer,
  type WitnessedLog,
} from '../../../protocol/log/witness.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { signerOf } from '../../support/community.ts'
import { foundLoggedCommunity, History } from '../../support/log.ts'

/** WIT: c2sp.org/tlog-witness. */

const verifier = createVerifier()
const house = await foundLoggedCommunity()
const { community, log } = house
const origin = logOrigin(community)
const honest = await History.of(house, 7)
const [three, seven] = [await honest.checkpoint(3), await honest.checkpoint(7)]
const keys = [logKey(community, log.publicKey)]
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a witness that cosigned `last` makes of a request. */
function judge(last: TreeHead | undefined, body: Uint8Array, followed: WitnessedLog['keys'] = keys) {
  return judgeCheckpoint(verifier, (asked) => (asked === origin ? { keys: followed, last } : undefined), body)
}

function request(old: number, proof: Proof, { note }: Pick<SignedCheckpoint, 'note'>): Uint8Array {
  return encodeAddCheckpoint({ old, proof, note })
}

/** A checkpoint without a state, as other logs have them. */
async function plain({ size, root }: TreeHead, name = origin): Promise<{ readonly note: SignedNote }> {
  const text = `${name}\n${size}\n${Buffer.from(root).toString('base64')}\n`
  return { note: { text, signatures: [await signNote(text, name, log)] } }
}

describe('a witness', () => {
  it('WIT-3 takes the first checkpoint of a log as it comes, and then what continues it', async () => {
    const first = await judge(undefined, request(0, [], three))
    expect(first).toEqual({
      ok: true,
      value: { origin, old: 0, head: honest.head(3), note: three.note },
    })
    const next = await judge(honest.head(3), request(3, honest.consistency(3), seven))
    expect(next).toEqual({
      ok: true,
      value: { origin, old: 3, head: honest.head(7), note: seven.note },
    })
  })

  it('WIT-3 takes the same checkpoint again', async () => {
    expect(await judge(honest.head(7), request(7, [], seven))).toMatchObject({ ok: true })
  })

  it('WIT-3 takes the empty tree, and only that for size 0', async () => {
    const empty = { size: 0, root: emptyRoot() }
    expect(await judge(undefined, request(0, [], await plain(empty)))).toMatchObject({ ok: true })
    expect(await judge(empty, request(0, [], await plain(empty)))).toMatchObject({ ok: true })
    expect(await judge(empty, request(0, [], three))).toMatchObject({ ok: true })
    const wrong = await plain({ size: 0, root: honest.head(3).root })
    expect(await judge(undefined, request(0, [], wrong))).toEqual({
      ok: false,
      status: 422,
      reason: 'proof-wrong',
    })
  })

  it('WIT-2 takes any of the keys that it was given', async () => {
    const followed = [logKey(community, signerOf('the next log').publicKey), ...keys]
    expect(await judge(undefined, request(0, [], three), followed)).toMatchObject({ ok: true })
  })
})

describe('a witness refuses', () => {
  const proof = honest.consistency(3)

  it('WIT-2 a log that it does not follow: 404', async () => {
    const other = await plain(honest.head(3), 'example.org/another')
    expect(await judge(undefined, request(0, [], other))).toEqual({
      ok: false,
      status: 404,
      reason: 'log-unknown',
    })
  })

  it('WIT-2 what the log did not sign: 403', async () => {
    const { note } = three
    const unsigned = {
      note: { ...note, signatures: [await signNote(note.text, origin, signerOf('somebody'))] },
    }
    expect(await judge(undefined, request(0, [], unsigned))).toEqual({
      ok: false,
      status: 403,
      reason: 'signer-missing',
    })
    const forged = { note: { ...note, text: note.text.replace('\n3\n', '\n4\n') } }
    expect(await judge(undefined, request(0, [], forged))).toEqual({
      ok: false,
      status: 403,
      reason: 'signature-wrong',
    })
  })

  it('WIT-3 an old size that is larger than the new one: 400', async () => {
    expect(await judge(honest.head(7), request(7, [], three))).toEqual({
      ok: false,
      status: 400,
      reason: 'request-malformed',
    })
  })

  it('WIT-3 an old size that is not what it cosigned last: 409, and it says which', async () => {
    const conflict = { ok: false, status: 409, reason: 'size-conflict' }
    expect(await judge(honest.head(7), request(0, [], three))).toEqual({ ...conflict, size: 7 })
    expect(await judge(undefined, request(3, proof, seven))).toEqual({ ...conflict, size: 0 })
    expect(sizeAnswer(7)).toEqual({ contentType: 'text/x.tlog.size', body: '7\n' })
  })

  it('WIT-3 a proof that is wrong, or there when it must not be: 422', async () => {
    const wrong = { ok: false, status: 422, reason: 'proof-wrong' }
    expect(await judge(honest.head(3), request(3, [], seven))).toEqual(wrong)
    expect(await judge(honest.head(3), request(3, proof.toReversed(), seven))).toEqual(wrong)
    expect(await judge(undefined, request(0, proof, three))).toEqual(wrong)
    expect(await judge(honest.head(7), request(7, proof, seven))).toEqual(wrong)
  })

  it('WIT-3 another history: 422, and of the same size it is a fork', async () => {
    const other = await History.of(house, 7, 'other', 2)
    const fork = await other.checkpoint(7)
    expect(await judge(honest.head(7), request(7, [], fork))).toEqual({
      ok: false,
      status: 422,
      reason: 'log-forked',
    })
    expect(await judge(honest.head(3), request(3, other.consistency(3), fork))).toEqual({
      ok: false,
      status: 422,
      reason: 'proof-wrong',
    })
  })

  it('WIT-3 in this order', async () => {
    // Each has everything wrong that comes later, too.
    const { note } = seven
    const stranger = { ...note, signatures: [await signNote(note.text, origin, signerOf('somebody'))] }
    expect(await judge(honest.head(3), request(9, proof, { note: stranger }))).toMatchObject({ status: 403 })
    expect(await judge(honest.head(3), request(9, [], seven))).toMatchObject({ status: 400 })
    expect(await judge(honest.head(3), request(7, proof, seven))).toMatchObject({ status: 409 })
  })
})

describe('a request', () => {
  const note = new TextDecoder().decode(encodeNote(three.note))
  const hash = `${Buffer.alloc(32).toString('base64')}\n`

  it('WIT-1 is the old size, a line for each hash, an empty line and the note', () => {
    expect(parseAddCheckpoint(utf8(`old 2\n${hash}\n${note}`))).toEqual({
      ok: true,
      value: { old: 2, proof: [new Uint8Array(32)], note: three.note },
    })
    expect(parseAddCheckpoint(utf8(`old 2\n${hash.repeat(63)}\n${note}`))).toMatchObject({ ok: true })
  })

  it.each([
    ['nothing', ''],
    ['no empty line', 'old 2\n'],
    ['no old size', `\n${note}`],
    ['another word', `Old 2\n\n${note}`],
    ['a leading zero', `old 02\n\n${note}`],
    ['two spaces', `old  2\n\n${note}`],
    ['a size beyond 2^53 - 1', `old 9007199254740992\n\n${note}`],
    ['a carriage return', `old 2\r\n\n${note}`],
    ['a hash of 31 bytes', `old 2\n${Buffer.alloc(31).toString('base64')}\n\n${note}`],
    ['a hash without padding', `old 2\n${hash.replace('=', '')}\n${note}`],
    ['64 hashes', `old 2\n${hash.repeat(64)}\n${note}`],
    ['a long line', `old 2\n${'A'.repeat(500)}\n\n${note}`],
  ])('WIT-1 refuses %s', async (_name, body) => {
    expect(parseAddCheckpoint(utf8(body))).toMatchObject({ ok: false, reason: 'request-malformed' })
    expect(await judge(undefined, utf8(body))).toMatchObject({ status: 400 })
  })

  it('WIT-1 refuses what follows when it is no checkpoint', async () => {
    expect(parseAddCheckpoint(utf8('old 2\n\n'))).toMatchObject({ ok: false, reason: 'note-malformed' })
    const letter = await signNote('Dear all,\n', origin, log)
    const body = request(0, [], { note: { text: 'Dear all,\n', signatures: [letter] } })
    expect(await judge(undefined, body)).toMatchObject({ status: 400, reason: 'checkpoint-malformed' })
    expect(await judge(undefined, new Uint8Array(70_000))).toMatchObject({ status: 400, reason: 'too-large' })
  })

  it('WIT-1 throws at a caller whose request nobody could read', () => {
    expect(() => request(-1, [], three)).toThrow(TypeError)
    expect(() => request(0, Array<Uint8Array>(64).fill(new Uint8Array(32)), three)).toThrow(TypeError)
  })
})
