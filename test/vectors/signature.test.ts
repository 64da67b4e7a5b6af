import { createPublicKey, verify } from 'node:crypto'
import { verify as nobleVerify } from '@noble/ed25519'
import { describe, expect, it } from 'vitest'
import { batchEngine } from '../../node/crypto/edwards/batch.ts'
import { nativeVerify } from '../../node/crypto/native.ts'
import { keyText } from '../../protocol/ids.ts'
import {
  createBatchVerifier,
  createVerifier,
  type NativeVerify,
  type Signed,
  type Verifier,
} from '../../protocol/signature.ts'
import { unhex } from './format.ts'
import { edgeVectors, type SignatureVector, speccheckVectors, wycheproofVectors } from './signatures.ts'

/** SIG: one verdict for one signature, whichever engine is the fast path. */

/** Node's OpenSSL, the way that does not go through WebCrypto. A key that it will not even read is its no. */
const openssl: NativeVerify = async (signature, message, publicKey) => {
  // RFC 8410: the header of a raw Ed25519 key.
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify(null, message, key, signature)
}

const webCrypto = await nativeVerify()
if (webCrypto === undefined) throw new Error('this Node has no Ed25519 in WebCrypto')

const engine = await batchEngine()
const batches = createBatchVerifier(engine)

/** Every signature by itself. */
const batchOfOne: Verifier = {
  async verify(signature, message, publicKey) {
    const [verdict] = batches.verifyAll([{ signature, message, publicKey }])
    if (verdict === undefined) throw new Error('a signature got no verdict')
    return verdict
  },
}

const noble = createVerifier()
const engines: Readonly<Record<string, Verifier>> = {
  noble,
  WebCrypto: createVerifier(webCrypto),
  'node:crypto': createVerifier(openssl),
  'noble and the fast admission': createVerifier(
    undefined,
    undefined,
    (encoded) => engine.admitAll([keyText(encoded)])[0] === true,
  ),
  'batches of one': batchOfOne,
}

const cases = (vectors: readonly SignatureVector[]) => vectors.map((one) => [one.name, one] as const)

const signed = ({ key, message, signature }: SignatureVector): Signed => ({
  signature: unhex(signature),
  message: unhex(message),
  publicKey: keyText(unhex(key)),
})

async function verdict(verifier: Verifier, vector: SignatureVector): Promise<string> {
  const { signature, message, publicKey } = signed(vector)
  const result = await verifier.verify(signature, message, publicKey)
  return result.ok ? 'holds' : result.reason
}

describe.each(Object.entries(engines))('through %s', (_engine, verifier) => {
  it('SIG-4 gives the verdict of every edge case', async () => {
    const wrong = []
    for (const vector of edgeVectors()) {
      const given = await verdict(verifier, vector)
      if (given !== vector.verdict) wrong.push({ ...vector, given })
    }
    expect(wrong).toEqual([])
  })

  it.each(cases(wycheproofVectors()))('SIG-4 Wycheproof %s', async (_name, vector) => {
    expect((await verdict(verifier, vector)) === 'holds' ? 'valid' : 'invalid').toBe(vector.verdict)
  })

  it('SIG-4 gives these verdicts on speccheck', async () => {
    expect(await Promise.all(speccheckVectors().map((vector) => verdict(verifier, vector)))).toEqual(
      SPECCHECK,
    )
  })
})

/** In the order of the file. Every key with torsion is refused before anything else is looked at, which decides ten of the twelve. */
const SPECCHECK = [
  'key-not-admitted', // A and R of small order, S = 0
  'key-not-admitted', // A of small order, R with torsion
  'key-not-admitted', // A with torsion, R of small order
  'key-not-admitted', // A and R with torsion, valid without the cofactor too
  'key-not-admitted', // A and R with torsion, valid with the cofactor alone
  'key-not-admitted', // A with torsion, valid only if k is reduced after the cofactor
  'signature-malformed', // S above the order
  'signature-malformed', // S far above the order
  'key-not-admitted', // A with torsion, R not canonical
  'key-not-admitted', // the same, hashed as it would be canonical
  'key-not-admitted', // A not canonical
  'key-not-admitted', // the same, hashed as it would be canonical
]

describe('in one batch', () => {
  it('SIG-4 gives the verdict of every edge case', () => {
    const vectors = edgeVectors()
    const verdicts = batches.verifyAll(vectors.map(signed))
    expect(verdicts.map((one) => (one.ok ? 'holds' : one.reason))).toEqual(vectors.map((one) => one.verdict))
  })

  it('SIG-4 gives the verdict of Wycheproof', () => {
    const vectors = wycheproofVectors()
    const verdicts = batches.verifyAll(vectors.map(signed))
    expect(verdicts.map((one) => (one.ok ? 'valid' : 'invalid'))).toEqual(vectors.map((one) => one.verdict))
  })

  it('SIG-4 holds at once for all that hold, torsion in R or not', () => {
    const vectors = edgeVectors().filter((one) => one.verdict === 'holds')
    expect(vectors.length).toBeGreaterThan(50)
    expect(engine.holds(vectors.map(signed))).toBe(true)
  })
})

describe('the edge cases', () => {
  it('are many, and of every verdict', () => {
    const vectors = edgeVectors()
    expect(vectors.length).toBeGreaterThanOrEqual(900)
    expect(new Set(vectors.map((one) => one.verdict))).toEqual(
      new Set(['holds', 'key-not-admitted', 'signature-malformed', 'signature-wrong']),
    )
  })

  it('split the engines when they are asked without the rule', async () => {
    let lax = 0
    let webCryptoNo = 0
    for (const { key, message, signature, verdict: wanted } of edgeVectors()) {
      const parts = [unhex(signature), unhex(message), unhex(key)] as const
      if (wanted !== 'holds' && nobleVerify(...parts)) lax += 1
      if (wanted === 'holds' && !(await webCrypto(...parts))) webCryptoNo += 1
    }
    expect(lax).toBeGreaterThan(100)
    expect(webCryptoNo).toBeGreaterThan(10)
  })
})
