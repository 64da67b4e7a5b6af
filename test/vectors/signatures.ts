import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SignatureCase } from './make/ed25519.ts'

/** A signature to judge, in hex; `verdict` where its source states one. */
export interface SignatureVector extends Omit<SignatureCase, 'verdict'> {
  readonly verdict?: string
}

const read = <T>(file: string): T => JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8'))

/** Our own edge cases. */
export function edgeVectors(): readonly SignatureVector[] {
  return read<{ cases: readonly SignatureVector[] }>('ed25519-edge.json').cases
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly comment: string
      readonly msg: string
      readonly sig: string
      readonly result: 'valid' | 'invalid'
    }[]
  }[]
}

/** Wycheproof's, with its result as the verdict: `valid` or `invalid`. */
export function wycheproofVectors(): readonly SignatureVector[] {
  const { testGroups } = read<Wycheproof>('public/wycheproof-ed25519.json')
  return testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ tcId, comment, msg, sig, result }) => ({
      name: `tcId ${tcId} ${comment}`,
      key: publicKey.pk,
      message: msg,
      signature: sig,
      verdict: result,
    })),
  )
}

/** The twelve of "Taming the many EdDSAs", which states no verdicts: it asks for consistent ones. */
export function speccheckVectors(): readonly SignatureVector[] {
  const cases = read<readonly { message: string; pub_key: string; signature: string }[]>(
    'public/ed25519-speccheck.json',
  )
  return cases.map(({ message, pub_key, signature }, i) => ({
    name: `case ${i}`,
    key: pub_key,
    message,
    signature,
  }))
}
