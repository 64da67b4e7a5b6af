import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { Command } from 'commander'
import type { CommunityId } from '../../../protocol/ids.ts'
import { headlessPorts, headlessWays } from '../../headless/headless.ts'
import { openHome } from '../../headless/home.ts'
import type { Visit } from '../../headless/visit.ts'
import type { VisitPorts } from '../../headless/visit-ports.ts'
import type { MembershipCard } from '../../membership-card.ts'
import type { DiskStorage } from '../../storage/disk-storage.ts'
import type { WaysIn } from '../../ways-in.ts'
import type { Terminal } from '../command.ts'
import { CliError, type ExitStatus } from '../failure.ts'
import { told } from './refused.ts'

/** Where a person's devices are kept, and which relay is meant. */
export interface HomeOptions {
  readonly home?: string
  readonly relay?: string
}

export function withHomeOption(command: Command): Command {
  return command.option(
    '--home <folder>',
    'where your devices are kept (default: PALABRE_HOME, or ~/.palabre)',
  )
}

export function withHomeOptions(command: Command): Command {
  return withHomeOption(command).option(
    '--relay <url>',
    'the site of the community; not needed where this home knows only one',
  )
}

/** Opens the home for this process alone, and closes it when the action ends. */
export function inHome<T>(
  { folder }: Terminal,
  { home }: Pick<HomeOptions, 'home'>,
  action: (home: DiskStorage) => Promise<T>,
): Promise<T> {
  const path = home ?? process.env.PALABRE_HOME
  return told(async () => {
    const opened = openHome(
      path === undefined || path === '' ? join(homedir(), '.palabre') : resolve(folder, path),
    )
    try {
      return await action(opened)
    } finally {
      opened.close()
    }
  })
}

/** The ways in to the community of a site, from a home. */
export interface AtSite {
  readonly home: DiskStorage
  readonly origin: URL
  readonly ports: VisitPorts
  readonly ways: WaysIn<Visit>
}

/** @param origin of the site; where it is left out, that of the options, or of the only community that the home knows */
export function atSite<T>(
  terminal: Terminal,
  options: HomeOptions,
  origin: URL | undefined,
  action: (site: AtSite) => Promise<T>,
): Promise<T> {
  return inHome(terminal, options, async (home) => {
    const site = origin ?? (await relayOf(home, options.relay))
    // What nobody awaits is about a relay that is tried again; in the end it answers, or the command says that it did not.
    const ports = await headlessPorts(home, () => {})
    return action({ home, origin: site, ports, ways: headlessWays(ports, site, terminal.signal) })
  })
}

/** Goes to the relay as the member whose device is here, and comes back when the action ends. */
export function visiting(
  terminal: Terminal,
  options: HomeOptions,
  action: (visit: Visit, site: AtSite) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  return atSite(terminal, options, undefined, async (site) => {
    const visit = await site.ways.resume()
    if (visit === undefined) throw notJoined()
    return during(visit, () => action(visit, site))
  })
}

/** There is nobody here who could go to this relay. */
export function notJoined(): CliError {
  return new CliError(
    'not-joined',
    'This home has no device in the community of this relay: use "palabre join", or "palabre identity restore".',
  )
}

/** Ends a visit with what is done in it. */
export async function during<T>(visit: Visit, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } finally {
    await visit.close()
  }
}

/** The communities in which this home has a device, and the relay of each. */
export async function cardsIn(
  home: DiskStorage,
): Promise<readonly { readonly card: MembershipCard; readonly relay: string | undefined }[]> {
  const relays = new Map(await home.list(RELAYS))
  return (await home.list('card/')).map(([, value]) => {
    const card = value as MembershipCard
    return { card, relay: relays.get(RELAYS + card.community) as string | undefined }
  })
}

/** Remembers where a community's relay is, so that later commands need not be told. */
export async function rememberRelay(home: DiskStorage, community: CommunityId, origin: URL): Promise<void> {
  await home.put(RELAYS + community, origin.origin)
}

const RELAYS = 'relay/'

async function relayOf(home: DiskStorage, stated: string | undefined): Promise<URL> {
  if (stated !== undefined) return siteUrl(stated)
  const [first, ...others] = [...new Set((await cardsIn(home)).flatMap(({ relay }) => relay ?? []))]
  if (first === undefined)
    throw new CliError('relay-missing', 'This home knows no community yet: say which relay with --relay.')
  if (others.length > 0)
    throw new CliError('relay-missing', 'This home knows several communities: say which relay with --relay.')
  return new URL(first)
}

/** The address of a site, as somebody typed it. */
export function siteUrl(typed: string): URL {
  const url = URL.canParse(typed) ? new URL(typed) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new CliError('relay-invalid', `${typed} is no address of a site, such as https://palabre.example.`)
  return url
}
