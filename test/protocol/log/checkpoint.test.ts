import { describe, expect, it } from 'vitest'
import {
  checkpointBytes,
  encodeCheckpoint,
  logOrigin,
  openCheckpoint,
  parseCheckpoint,
  sameHead,
  signCheckpoint,
} from '../../../protocol/log/checkpoint.ts'
import { cosign, isFinal, verifyCosignatures, witnessName } from '../../../protocol/log/cosignature.ts'
import { encodeNote, isKeyName, type SignedNote, signNote } from '../../../protocol/log/signed-note.ts'
import { createVerifier, type Signer } from '../../../protocol/signature.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { foundLoggedCommunity, History } from '../../support/log.ts'

/** CHECK and COSIG: what a log signs, and what its witnesses say. */

const verifier = createVerifier()
const house = await foundLoggedCommunity()
const { community, genesis, log, witnesses } = house
const history = await History.of(house, 3)
const checkpoint = await history.checkpoint()
const trusted = { community, keys: [log.publicKey] }
const origin = logOrigin(community)
const root = Buffer.from(checkpoint.root).toString('base64')
const state = `state ${Buffer.from(checkpoint.state).toString('base64')}`

/** A note of the log with any text. */
async function signed(text: string, signer: Signer = log, name = origin): Promise<Uint8Array> {
  return encodeNote({ text, signatures: [await signNote(text, name, signer)] })
}

describe('checkpoints', () => {
  it('CHECK-2 is these lines, signed by the log under its origin', async () => {
    expect(checkpoint.note.text).toBe(`${origin}\n3\n${root}\n${state}\n`)
    expect(origin).toBe(`palabre/v1/${community}`)
    expect(isKeyName(origin)).toBe(true)
    const opened = await openCheckpoint(verifier, trusted, checkpointBytes(checkpoint))
    expect(opened).toEqual({ ok: true, value: checkpoint })
  })

  it('CHECK-1 those of other logs are read and written', () => {
    const text = `example.com/behind-the-sofa\n0\n${root}\nanything\nat all\n`
    const parsed = parseCheckpoint(text)
    if (!parsed.ok) throw new Error(parsed.reason)
    expect(parsed.value.extensions).toEqual(['anything', 'at all'])
    expect(encodeCheckpoint(parsed.value)).toBe(text)
  })

  it.each([
    ['nothing', ''],
    ['two lines', `${origin}\n3\n`],
    ['no newline at the end', `${origin}\n3\n${root}`],
    ['an empty origin', `\n3\n${root}\n`],
    ['a long origin', `${'é'.repeat(128)}\n3\n${root}\n`],
    ['an empty extension', `${origin}\n3\n${root}\n\n`],
    ['a leading zero', `${origin}\n03\n${root}\n`],
    ['a sign', `${origin}\n+3\n${root}\n`],
    ['a space', `${origin}\n3 \n${root}\n`],
    ['hexadecimal', `${origin}\n0x3\n${root}\n`],
    ['a size beyond 2^53 - 1', `${origin}\n9007199254740992\n${root}\n`],
    ['a root of 31 bytes', `${origin}\n3\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a root without padding', `${origin}\n3\n${root.slice(0, -1)}\n`],
  ])('CHECK-1 refuses %s', (_name, text) => {
    expect(parseCheckpoint(text)).toMatchObject({ ok: false, reason: 'checkpoint-malformed' })
  })

  it.each([
    ['no state', `${origin}\n3\n${root}\n`],
    ['a line more', `${origin}\n3\n${root}\n${state}\nmore\n`],
    ['another word', `${origin}\n3\n${root}\n${state.replace('state', 'State')}\n`],
    ['a state of 33 bytes', `${origin}\n3\n${root}\nstate ${Buffer.alloc(33).toString('base64')}\n`],
    ['no entries', `${origin}\n0\n${root}\n${state}\n`],
    ['no checkpoint', 'Dear all,\n'],
  ])('CHECK-3 refuses %s', async (_name, text) => {
    expect(await openCheckpoint(verifier, trusted, await signed(text))).toMatchObject({
      ok: false,
      reason: 'checkpoint-malformed',
    })
  })

  it('CHECK-3 refuses what is of another log, of nobody, or of somebody else', async () => {
    const { text } = checkpoint.note
    const other = logOrigin((await foundLoggedCommunity(signerOf('another log'))).community)
    const reason = async (bytes: Uint8Array) => {
      const opened = await openCheckpoint(verifier, trusted, bytes)
      return opened.ok ? 'holds' : opened.reason
    }
    expect(await reason(await signed(text.replace(origin, other), log, other))).toBe('log-unknown')
    expect(await reason(await signed(text, signerOf('somebody')))).toBe('signer-missing')
    expect(await reason(await signed(text, log, 'another/name'))).toBe('signer-missing')
    const wrong = { ...checkpoint.note, text: text.replace('\n3\n', '\n4\n') }
    expect(await reason(encodeNote(wrong))).toBe('signature-wrong')
    expect(await reason(new Uint8Array(0))).toBe('note-malformed')
    expect(await reason(new Uint8Array(65_537))).toBe('too-large')
  })

  it('CHECK-3 after a rotation goes by the keys that the reader names', async () => {
    const later = signerOf('the next log')
    const next = await signCheckpoint(later, community, checkpoint)
    const keys = [log.publicKey, later.publicKey]
    expect(await openCheckpoint(verifier, { community, keys }, checkpointBytes(next))).toEqual({
      ok: true,
      value: next,
    })
    expect(await openCheckpoint(verifier, trusted, checkpointBytes(next))).toMatchObject({ ok: false })
  })

  it('CHECK-2 throws at a caller who has nothing to sign, or something that nobody could read', async () => {
    await expect(signCheckpoint(log, community, { ...checkpoint, size: 0 })).rejects.toThrow(RangeError)
    const short = { ...checkpoint, state: new Uint8Array(31) }
    await expect(signCheckpoint(log, community, short)).rejects.toThrow(RangeError)
    const bad = { ...checkpoint, origin: 'two\nlines', extensions: [] }
    expect(() => encodeCheckpoint(bad)).toThrow(TypeError)
    expect(() => encodeCheckpoint({ ...bad, origin, extensions: ['two\nlines'] })).toThrow(TypeError)
  })

  it('CHECK-4 heads differ in size, root or state', async () => {
    expect(sameHead(checkpoint, await history.checkpoint())).toBe(true)
    expect(sameHead(checkpoint, await history.checkpoint(2))).toBe(false)
    expect(sameHead(checkpoint, await history.checkpoint(3, 'another'))).toBe(false)
    expect(sameHead(checkpoint, { ...checkpoint, root: bytesOf('another') })).toBe(false)
  })
})

describe('cosignatures', () => {
  const [wanda, walid, wen] = witnesses as [Signer, Signer, Signer]
  const { witnesses: asked } = genesis.payload
  const { text } = checkpoint.note
  const withLines = (...lines: SignedNote['signatures']): SignedNote => ({
    text,
    signatures: [...checkpoint.note.signatures, ...lines],
  })

  it('COSIG-1 covers a header, the time and the text', async () => {
    const line = await cosign(wanda, text, NOON)
    expect(line.name).toBe(`palabre/v1/witness/${wanda.publicKey}`)
    expect(isKeyName(witnessName(wanda.publicKey))).toBe(true)
    expect(line.signature).toHaveLength(72)
    expect(Buffer.from(line.signature).readBigUInt64BE()).toBe(BigInt(NOON))
    const message = new TextEncoder().encode(`cosignature/v1\ntime ${NOON}\n${text}`)
    expect(await verifier.verify(line.signature.slice(8), message, wanda.publicKey)).toMatchObject({
      ok: true,
    })
  })

  it('COSIG-3 two of three witnesses make it final, one twice does not', async () => {
    const once = await cosign(wanda, text, NOON)
    const again = await cosign(wanda, text, NOON + 60)
    const one = await verifyCosignatures(verifier, asked.keys, withLines(again, once))
    if (!one.ok) throw new Error(one.reason)
    expect(one.value).toEqual([{ key: wanda.publicKey, name: witnessName(wanda.publicKey), time: NOON + 60 }])
    expect(isFinal(asked, one.value)).toBe(false)
    const both = await verifyCosignatures(
      verifier,
      asked.keys,
      withLines(once, await cosign(walid, text, NOON)),
    )
    expect(both.ok && isFinal(asked, both.value)).toBe(true)
  })

  it('COSIG-4 without witnesses the log’s word is enough', () => {
    expect(isFinal({ k: 0 }, [])).toBe(true)
    expect(isFinal({ k: 1 }, [])).toBe(false)
  })

  it('COSIG-2 a witness may sign under a name of its own', async () => {
    const line = await cosign(wen, text, NOON, 'witness.example/w1')
    const verified = await verifyCosignatures(verifier, asked.keys, withLines(line))
    expect(verified).toEqual({
      ok: true,
      value: [{ key: wen.publicKey, name: 'witness.example/w1', time: NOON }],
    })
  })

  it('COSIG-2 ignores strangers, and signatures of another type', async () => {
    const stranger = await cosign(signerOf('a stranger'), text, NOON)
    const plain = await signNote(text, witnessName(wanda.publicKey), wanda)
    const renamed = { ...(await cosign(wanda, text, NOON)), name: 'another' }
    const verified = await verifyCosignatures(verifier, asked.keys, withLines(stranger, plain, renamed))
    expect(verified).toEqual({ ok: true, value: [] })
  })

  it('COSIG-3 refuses the note for a cosignature that does not hold', async () => {
    const line = await cosign(wanda, text, NOON)
    const reason = async (signature: Uint8Array) => {
      const verdict = await verifyCosignatures(verifier, asked.keys, withLines({ ...line, signature }))
      return verdict.ok ? 'holds' : verdict.reason
    }
    const changed = (at: number, to: number) => line.signature.with(at, to)
    expect(await reason(line.signature)).toBe('holds')
    expect(await reason(changed(7, (line.signature[7] as number) ^ 1))).toBe('signature-wrong')
    expect(await reason(line.signature.slice(8))).toBe('signature-malformed')
    // A time that no calendar has.
    expect(await reason(changed(0, 1))).toBe('signature-malformed')
    const elsewhere = await cosign(wanda, (await history.checkpoint(2)).note.text, NOON)
    expect(await reason(elsewhere.signature)).toBe('signature-wrong')
  })
})
