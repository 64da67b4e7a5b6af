import type { Membership } from '../../../protocol/community/membership.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { PeerError } from '../../errors.ts'
import { readPublicLedger } from '../../headless/public-ledger.ts'
import { openRootVisit, type RootVisit } from '../../headless/root-visit.ts'
import type { Visit } from '../../headless/visit.ts'
import { askSite } from '../../site-address.ts'
import type { Terminal } from '../command.ts'
import { CliError, RefusedError } from '../failure.ts'
import type { AtSite } from './home.ts'
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

/** Goes to the relay as the root of a phrase, without a device, and comes back when the action ends. @throws CliError when it is no member's */
export async function asRoot<T>(
  terminal: Terminal,
  { origin, ports }: AtSite,
  phrase: string,
  action: (visit: RootVisit) => Promise<T>,
): Promise<T> {
  const { signal } = terminal
  const site = await askSite(origin, signal)
  const { genesis } = await readPublicLedger(site, { ...ports, signal }, undefined, 1)
  const root = await rootOf(phrase, genesis.payload.nonce)
  const memberIn = ({ roots, members }: Membership) => {
    const member = roots.get(root.publicKey)?.member
    return member !== undefined && members.get(member)?.root === root.publicKey ? member : undefined
  }
  const member = memberIn(
    await readPublicLedger(site, { ...ports, signal }, (state) => memberIn(state) !== undefined),
  )
  const unknown = () =>
    new RefusedError('member-unknown', 'Nobody in this community has this recovery phrase.')
  if (member === undefined) throw unknown()
  const visit = await openRootVisit(ports, site, member, root, signal).catch((error: unknown) => {
    // What the log has published is some seconds old, and the relay knows that this root was replaced meanwhile.
    throw error instanceof PeerError && error.code === 'not-member' ? unknown() : error
  })
  try {
    return await action(visit)
  } finally {
    await visit.close()
  }
}
