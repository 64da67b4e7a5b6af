import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  encodeNote,
  isKeyName,
  keyId,
  NOTE_TYPE,
  type NoteKey,
  parseNote,
  parseSignatures,
  type SignedNote,
  signNote,
  verifyNote,
} from '../../../protocol/log/signed-note.ts'
import { encodeVerifierKey, parseVerifierKey } from '../../../protocol/log/vkey.ts'
import { encodeAddCheckpoint, parseAddCheckpoint } from '../../../protocol/log/witness.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { signerOf } from '../../support/community.ts'

/** NOTE: c2sp.org/signed-note. */

const file = join(import.meta.dirname, '../../vectors/public/c2sp-signed-note.json')
const theirs = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
const verifier = createVerifier()
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const signer = signerOf('a note')
const key: NoteKey = { name: 'example.org/é', type: NOTE_TYPE.ed25519, key: signer.publicKey }
const TEXT = 'Two lines,\nand an empty one:\n\n'
const signature = await signNote(TEXT, key.name, signer)
const note: SignedNote = { text: TEXT, signatures: [signature] }
const text = new TextDecoder().decode(encodeNote(note))
const line = text.slice(TEXT.length + 1)

function read(from: string | Uint8Array): SignedNote {
  const parsed = parseNote(typeof from === 'string' ? utf8(from) : from)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

describe('the examples of C2SP', () => {
  it('NOTE-5 the note of the specification is signed by its key', async () => {
    const known = parseVerifierKey(theirs.vkey as string)
    if (!known.ok) throw new Error(known.reason)
    expect(encodeVerifierKey(known.value)).toBe(theirs.vkey)
    expect(await verifyNote(verifier, read(theirs.note as string), [known.value])).toEqual({
      ok: true,
      value: [known.value],
    })
  })

  it.each(['note', 'unknownKey', 'cosignedCheckpoint'])(
    'NOTE-2 %s is written with the same bytes',
    (name) => {
      expect(new TextDecoder().decode(encodeNote(read(theirs[name] as string)))).toBe(theirs[name])
    },
  )

  it('WIT-1 the request is written with the same bytes', () => {
    const request = parseAddCheckpoint(utf8(theirs.addCheckpoint as string))
    if (!request.ok) throw new Error(request.reason)
    expect(request.value).toMatchObject({ old: 20_852_014, proof: { length: 4 } })
    expect(new TextDecoder().decode(encodeAddCheckpoint(request.value))).toBe(theirs.addCheckpoint)
  })
})

describe('reading', () => {
  it('NOTE-2 the text may have empty lines', () => {
    expect(read(text)).toEqual(note)
  })

  it.each([
    ['nothing', ''],
    ['no empty line', `text\n${line}`],
    ['no signature', 'text\n\n'],
    ['no newline at the end', text.slice(0, -1)],
    ['a line after the signatures', `${text}more\n`],
    ['an empty line after the signatures', `${text}\n`],
    ['a control character', text.replace('Two', 'T\two')],
    ['a carriage return', text.replace('lines,', 'lines,\r')],
    ['a zero byte', text.replace('Two', 'T\0wo')],
    ['a hyphen for the dash', text.replace('—', '-')],
    ['no space after the dash', text.replace('— ', '—')],
    ['no name', text.replace('example.org/é', '')],
    ['no signature after the name', text.replace(/ \S+\n$/, '\n')],
    ['a plus in the name', text.replace('example.org/é', 'example+org')],
    ['a no-break space in the name', text.replace('example.org/é', 'example\u00a0org')],
    ['a name that is too long', text.replace('example.org/é', 'n'.repeat(256))],
    ['two spaces', text.replace(/ (\S+\n)$/, '  $1')],
    ['base64 without padding', text.replace(/=+\n$/, '\n')],
    ['base64 with a spare bit', text.replace(/(.)=\n$/, (_, last: string) => `${next(last)}=\n`)],
    ['base64url', `${TEXT}\n— n AAAA_AAA\n`],
    ['a key id and nothing', `${TEXT}\n— n AAAAAA==\n`],
    ['65 signatures', `${TEXT}\n${line.repeat(65)}`],
  ])('NOTE-1 to 3 refuse %s', (_name, wrong) => {
    expect(wrong).not.toBe(text)
    expect(parseNote(utf8(wrong))).toMatchObject({ ok: false, reason: 'note-malformed' })
  })

  it.each([
    ['a byte of no text', [0xff]],
    ['a continuation alone', [0x80]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
    ['beyond the last code point', [0xf4, 0x90, 0x80, 0x80]],
    ['a head that is none', [0xf8, 0x88, 0x80, 0x80, 0x80]],
    ['the start of a character', [0xe2, 0x80]],
  ])('NOTE-1 refuses %s', (_name, bytes) => {
    const wrong = Uint8Array.from([...bytes, ...utf8(text)])
    expect(parseNote(wrong)).toMatchObject({ ok: false, reason: 'note-malformed' })
  })

  it.each(['\ufeff', 'ß한😀', '\u007f'])('NOTE-1 takes %j', (any) => {
    expect(read(`${any}${text}`).text).toBe(`${any}${TEXT}`)
  })

  it('NOTE-4 64 signatures are read, and 64 KiB', () => {
    expect(read(`${TEXT}\n${line.repeat(64)}`).signatures).toHaveLength(64)
    const filled = `${'x'.repeat(65_536 - utf8(text).length)}${text}`
    expect(parseNote(utf8(filled))).toMatchObject({ ok: true })
    expect(parseNote(utf8(`x${filled}`))).toEqual({ ok: false, reason: 'too-large' })
  })

  it('NOTE-3 reads the lines of a witness alone', () => {
    expect(parseSignatures(line)).toEqual({ ok: true, value: note.signatures })
    expect(parseSignatures('')).toMatchObject({ ok: false, reason: 'note-malformed' })
  })

  it('NOTE-3 which names there are', () => {
    expect(['a', 'é', 'n'.repeat(255), 'é'.repeat(127), '\ufeff'].filter(isKeyName)).toHaveLength(5)
    const bad = ['', ' ', '+', 'a\u0085', 'a\u2028', 'a\u3000', 'a\u001f', 'n'.repeat(256), 'é'.repeat(128)]
    expect(bad.filter(isKeyName)).toEqual([])
  })
})

describe('writing', () => {
  it.each([
    ['a text without its last newline', { ...note, text: 'text' }],
    ['a text that ends in a signature line', { ...note, text: `text\n\n${line.slice(0, -1)}` }],
    ['a control character', { ...note, text: 'te\txt\n' }],
    ['half a surrogate pair', { ...note, text: '\ud800\n' }],
    ['nobody’s signature', { ...note, signatures: [] }],
    ['a bad name', { ...note, signatures: [{ ...signature, name: 'two words' }] }],
  ])('NOTE-2 throws at %s', (_name, wrong) => {
    expect(() => encodeNote(wrong)).toThrow(TypeError)
  })
})

describe('verifying', () => {
  it('NOTE-5 ignores keys that it does not know, under the same name or id', async () => {
    const other = signerOf('another note')
    const lines = [
      await signNote(TEXT, key.name, other),
      { ...signature, name: 'else', signature: Uint8Array.of(1) },
    ]
    expect(await verifyNote(verifier, { text: TEXT, signatures: lines }, [key])).toEqual({
      ok: false,
      reason: 'signer-missing',
    })
    const signed = { text: TEXT, signatures: [...lines, signature, signature] }
    expect(await verifyNote(verifier, signed, [key])).toEqual({ ok: true, value: [key] })
  })

  it('NOTE-5 refuses the whole note for one line of a known key that does not hold', async () => {
    const wrong = { ...signature, signature: await signer.sign(utf8('another text')) }
    const signed = { text: TEXT, signatures: [signature, wrong] }
    expect(await verifyNote(verifier, signed, [key])).toEqual({ ok: false, reason: 'signature-wrong' })
    const short = { text: TEXT, signatures: [{ ...signature, signature: Uint8Array.of(1) }] }
    expect(await verifyNote(verifier, short, [key])).toEqual({ ok: false, reason: 'signature-malformed' })
  })

  it('NOTE-6 the id is of name, type and key', () => {
    const ids = [
      key,
      { ...key, name: 'else' },
      { ...key, type: NOTE_TYPE.cosignature },
      { ...key, key: signerOf('another note').publicKey },
    ].map(keyId)
    expect(new Set(ids).size).toBe(4)
  })
})

describe('verifier keys', () => {
  const vkey = encodeVerifierKey(key)

  it('NOTE-7 are read again', () => {
    expect(parseVerifierKey(vkey)).toEqual({ ok: true, value: key })
    const witness: NoteKey = { ...key, type: NOTE_TYPE.cosignature }
    expect(parseVerifierKey(encodeVerifierKey(witness))).toEqual({ ok: true, value: witness })
  })

  it('NOTE-7 no part of one and no neighbour of one is one', () => {
    for (let start = 0; start < vkey.length; start++) {
      for (const end of [vkey.length - 1, vkey.length]) {
        if (end - start === vkey.length) continue
        expect(parseVerifierKey(vkey.slice(start, end))).toMatchObject({
          ok: false,
          reason: 'vkey-malformed',
        })
      }
      const changed = `${vkey.slice(0, start)}${String.fromCharCode(vkey.charCodeAt(start) + 1)}${vkey.slice(start + 1)}`
      expect(parseVerifierKey(changed)).toMatchObject({ ok: false, reason: 'vkey-malformed' })
    }
  })

  it.each([
    ['upper case', vkey.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase().replace(/\+(.)/, '+A'))],
    ['a line break', `${vkey}\n`],
    // Go's own test: the ids fit, the length and the type do not.
    ['a longer key', 'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=='],
    ['a type that is not known', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
  ])('NOTE-7 refuses %s', (_name, wrong) => {
    expect(parseVerifierKey(wrong)).toMatchObject({ ok: false, reason: 'vkey-malformed' })
  })
})

/** The next character of the alphabet: the same bytes with a spare bit. */
function next(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return alphabet[alphabet.indexOf(character) + 1] as string
}
