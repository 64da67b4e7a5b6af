import type { Visit } from '../../headless/visit.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'
import { type AtSite, rememberRelay } from './home.ts'
import { sentenceOf } from './sentences.ts'

/** A link of a site, as it was printed or sent: where the site is, and what stands in the fragment, which browsers never send. */
export function readLink(
  typed: string,
  kind: 'i' | 'found',
): { readonly origin: URL; readonly code: string } {
  const url = URL.canParse(typed.trim()) ? new URL(typed.trim()) : undefined
  const [, found, code] = /^#\/([a-z]+)\/([A-Za-z0-9_-]+)$/.exec(url?.hash ?? '') ?? []
  if (url === undefined || !/^https?:$/.test(url.protocol) || found !== kind || code === undefined) {
    throw kind === 'i'
      ? new CliError('invitation-damaged', sentenceOf('invitation-damaged'))
      : new CliError('link-damaged', 'This is no complete founding link, as the relay prints it.')
  }
  return { origin: new URL(url.origin), code }
}

/** Tells somebody who has just come in, by whatever way, who they are here. */
export async function tellArrival(
  { output }: Terminal,
  { home, origin }: AtSite,
  visit: Visit,
): Promise<void> {
  const { card, device, state } = visit
  await rememberRelay(home, card.community, origin)
  const { name } = state.genesis.payload
  output.result(
    {
      community: { id: card.community, name },
      relay: origin.origin,
      member: card.member,
      device: device.publicKey,
    },
    `You are in ${name}.\nMember:  ${card.member}\nDevice:  ${device.publicKey}\nRelay:   ${origin.origin}`,
  )
}
