import type { SignedVerdict, VerdictOf } from '../protocol/community/replay.ts'
import type { Statement } from '../protocol/community/statement.ts'
import type { Signed } from '../protocol/envelope.ts'
import { good } from '../protocol/result.ts'
import type { BatchVerifier } from '../protocol/signature.ts'

/** Verifies everything that is signed in some statements in one go, which costs each of them a fraction; of a part, its first bad signature counts. */
export function verdictsOn(verifier: BatchVerifier, statements: readonly Statement[]): VerdictOf {
  const parts = statements.flatMap(({ signed }) => signed)
  const all = parts.flatMap(({ message, signatures }) =>
    signatures.map(({ key, signature }) => ({ message, signature, publicKey: key })),
  )
  const verdicts = verifier.verifyAll(all)
  const known = new Map<Signed, SignedVerdict>()
  let at = 0
  for (const part of parts) {
    const own = verdicts.slice(at, at + part.signatures.length)
    known.set(part, own.find((verdict) => !verdict.ok) ?? good(true))
    at += part.signatures.length
  }
  return (part) => {
    const verdict = known.get(part)
    if (verdict === undefined) throw new TypeError('a part of another statement')
    return verdict
  }
}
