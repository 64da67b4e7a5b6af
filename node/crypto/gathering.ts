import type { KeyText } from '../../protocol/ids.ts'
import type { SignatureReason } from '../../protocol/reasons.ts'
import { good, type Result } from '../../protocol/result.ts'
import type { BatchVerifier, Verifier } from '../../protocol/signature.ts'

/** Fewer are verified sooner one by one. */
const FEW = 4
/** More at once would keep everything else waiting for more than some ten milliseconds. */
const MANY = 256

interface Question {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: KeyText
  readonly answer: (verdict: Result<true, SignatureReason> | Promise<Result<true, SignatureReason>>) => void
  readonly fail: (error: unknown) => void
}

/**
 * The signature rule, with the same verdicts (SIG-6), for whoever is asked about many signatures at once by those who do not know of each other: the
 * operations of an answer, or the messages of many peers. What comes before the next turn of the event loop is looked at together. A batch with a wrong
 * one in it is judged one by one: it costs a fraction more than it would have without this.
 * @param alone judges the few and the wrong
 * @param turn calls back after what is at hand was done, as `setImmediate`
 */
export function gatheringVerifier(
  alone: Verifier,
  together: BatchVerifier,
  turn: (callback: () => void) => void,
): Verifier {
  let questions: Question[] = []

  function judge(): void {
    const these = questions.slice(0, MANY)
    questions = questions.slice(MANY)
    if (questions.length > 0) turn(judge)
    let areGood = false
    try {
      areGood = these.length >= FEW && together.areGood(these)
    } catch (error) {
      for (const { fail } of these) fail(error)
      return
    }
    for (const { answer, signature, message, publicKey } of these)
      answer(areGood ? good(true) : alone.verify(signature, message, publicKey))
  }

  return {
    verify(signature, message, publicKey) {
      return new Promise((answer, fail) => {
        questions.push({ signature, message, publicKey, answer, fail })
        if (questions.length === 1) turn(judge)
      })
    },
  }
}
