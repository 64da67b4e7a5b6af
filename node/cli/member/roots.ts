import type { KeyText } from '../../../protocol/ids.ts'
import type { Signer } from '../../../protocol/signature.ts'
import type { Visit } from '../../headless/visit.ts'
import { CliError } from '../failure.ts'
import { rootOf } from './phrase.ts'
import { sentenceOf } from './sentences.ts'

/** The member's own root, out of their phrase. @throws CliError `phrase-wrong` when it is another person's, or one that was replaced */
export async function ownRoot({ state, card }: Visit, phrase: string): Promise<Signer> {
  const root = state.members.get(card.member)?.root
  return rootAmong(state.genesis.payload.nonce, phrase, root === undefined ? [] : [root])
}

/** The root of the phrase, which is one of these. @throws CliError `phrase-wrong` */
export async function rootAmong(
  nonce: Uint8Array,
  phrase: string,
  keys: readonly KeyText[],
): Promise<Signer> {
  const root = await rootOf(phrase, nonce)
  if (!keys.includes(root.publicKey)) throw new CliError('phrase-wrong', sentenceOf('phrase-wrong'))
  return root
}
