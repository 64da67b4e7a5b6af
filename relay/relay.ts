import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from 'pino'
import { startCurve } from '../node/crypto/edwards/curve.ts'
import { platformVerifier } from '../node/crypto/native.ts'
import { communityValidator } from '../node/gossip/community.ts'
import type { Judging } from '../node/gossip/received.ts'
import { roomValidator } from '../node/gossip/room.ts'
import type { Validate } from '../node/network/network.ts'
import type { Clock } from '../node/ports/clock.ts'
import type { Random } from '../node/ports/random.ts'
import { createDirectory, type Directory } from '../node/room/directory.ts'
import { type CommunityId, keyText } from '../protocol/ids.ts'
import { communityTopic, parseTopic } from '../protocol/wire/topics.ts'
import { openCommunityLog } from './community-log.ts'
import type { Config } from './config/config.ts'
import { openDataFolder } from './data-folder.ts'
import { foundingToken } from './founding.ts'
import { createApp, type RelayFacts } from './http/app.ts'
import { loadAssets } from './http/assets.ts'
import { short } from './log.ts'
import type { LogKeeper } from './log-keeper.ts'
import { nativeSigner } from './log-keys.ts'
import { type RelayNetwork, type RelayNetworkOptions, startRelayNetwork } from './network/relay-network.ts'
import { entriesOfPeer } from './peer-entries.ts'
import type { HelloParts } from './services/hello.ts'
import { forgetErased } from './services/profiles.ts'
import { OPEN_PROTOCOLS, serveAll } from './services/serve.ts'
import { type Gate, Sessions } from './sessions.ts'
import { StartError } from './start-error.ts'
import { Store } from './store.ts'
import { followLogs } from './witness/followed.ts'
import { Witness } from './witness/witness.ts'

/** What `npm run build` writes. */
const APP = fileURLToPath(new URL('../web/dist', import.meta.url))

export interface RelayParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** A relay that runs. */
export interface Relay {
  /** Where people open the app. */
  readonly origin: string
  /** With the token, while nobody has founded the community. */
  readonly foundingLink: string | undefined
  readonly hasApp: boolean
  /** Finishes what is under way, then lets go of everything. Twice is safe. */
  stop(): Promise<void>
}

/**
 * Opens the data folder and the port, and lets peers in.
 * @throws StartError when it cannot, with nothing left open
 */
export async function startRelay(config: Config, parts: RelayParts): Promise<Relay> {
  const undo: (() => void | Promise<void>)[] = []
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= undoAll(undo)
    return stopped
  }
  try {
    return { ...(await assemble(config, parts, undo)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Ends the youngest first: each part leans on those that were there before it. */
async function undoAll(undo: readonly (() => void | Promise<void>)[]): Promise<void> {
  for (const end of undo.toReversed()) await end()
}

async function assemble(
  config: Config,
  { clock, random, log }: RelayParts,
  undo: (() => void | Promise<void>)[],
): Promise<Omit<Relay, 'stop'>> {
  const folder = openDataFolder(config.data)
  undo.push(() => folder.close())
  const store = new Store(folder.file('ledger.sqlite'))
  undo.push(() => store.close())
  // Every newcomer brings two keys, and noble takes milliseconds for each, in which nobody else is served.
  const { isPrimeOrder } = await startCurve()
  const verifier = await platformVerifier(isPrimeOrder)
  const communityLog = await openCommunityLog(config, { folder, store, verifier, clock, log })
  const { keys, keeper, publisher, files, caution } = communityLog
  const witness = new Witness({
    store,
    verifier,
    signer: nativeSigner(await folder.seed('witness.key')),
    clock,
  })
  const unfollow = followLogs(witness, config.witnessOf, clock, (relay, error) =>
    log.warn({ relay, err: error }, 'a relay did not say whose log it keeps'),
  )
  undo.push(unfollow)
  if (keeper.membership) forgetErased(store, keeper.membership)
  // A process that died between the two had founded, and the token went with it in one transaction: none is ever left over.
  const mayFound = keeper.membership === undefined && config.mirrors.length === 0
  const token = mayFound ? foundingToken(store, random) : undefined

  const judging: Judging = {
    verifier,
    membership: () => {
      if (!keeper.membership) throw new Error('nothing is judged before the community is founded')
      return keeper.membership
    },
  }
  const directory = createDirectory(judging, clock)
  undo.push(() => directory.stop())

  const assets = await loadAssets(APP)
  let facts: (() => RelayFacts) | undefined
  const app = createApp({ assets, log: files, witness, facts: () => facts?.() })
  const relayNetwork = await listen(config, {
    listen: { host: config.host, port: config.port },
    ...(config.tls && { tls: config.tls }),
    // The globals of the process are not the HTTP adapter's to replace.
    httpHandler: getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    privateSeed: await folder.seed('session.key'),
    announce: config.announce,
    openProtocols: OPEN_PROTOCOLS,
    validatorFor: (topic) => validatorFor(topic, keeper, judging, directory, clock),
    report: (where, error) => log.error({ where, err: error }, 'a part of the relay failed'),
    maxima: { reservations: config.maxPeers },
  })
  const { network, admissions, members } = relayNetwork
  undo.push(() => relayNetwork.stop())

  const gate: Gate = {
    admit: (peer) => admissions.admit(peer),
    recognise: (peer) => members.admit(peer),
    revoke: (peer) => admissions.revoke(peer),
  }
  const sessions = new Sessions(gate, clock)
  undo.push(() => sessions.stop())
  network.on('disconnect', (peer) => sessions.leave(peer))
  const relayKey = keyText(network.publicKey)
  const shown: HelloParts['shown'] = (from, session, note) =>
    caution.shown(session.kind === 'member', note, entriesOfPeer(network, from))
  await serveAll({ network, keeper, publisher, shown, store, sessions, directory, verifier, clock, relayKey })
  keeper.onTaken((promise, statement) => {
    const { index } = promise.payload
    log.info({ index, type: statement?.type ?? 'genesis' }, 'took an entry')
    if (statement?.type === 'join') sessions.used(statement.envelope.payload.invite)
    if (statement?.type === 'erase') store.dropProfile(statement.envelope.payload.m)
    const { community } = judging.membership()
    network.publish(communityTopic(community), promise.bytes).catch((error: unknown) => {
      // Peers also learn of it from whatever they ask next.
      log.warn({ err: error }, 'could not tell the others of an entry')
    })
  })
  // The first to be ended: what is being stored is answered while there is still a network to answer on.
  undo.push(() => communityLog.close())

  facts = () => ({
    peer: network.peer,
    logKey: keeper.membership?.log ?? keys.first,
    witnessKey: witness.key,
    community: keeper.membership?.community ?? null,
    addresses: config.announce.length > 0 ? relayNetwork.addresses() : [],
    ice: config.ice,
  })
  undo.push(() => {
    facts = undefined
  })
  relayNetwork.open()

  const origin =
    config.url ?? `${config.tls ? 'https' : 'http'}://${printed(config.host)}:${relayNetwork.port}`
  log.info(
    { port: relayNetwork.port, entries: keeper.membership?.size ?? 0, ...named(keeper) },
    'the relay runs',
  )
  return {
    origin,
    foundingLink: token && `${origin}/#/found/${token}`,
    hasApp: assets !== undefined,
  }
}

function named({ membership }: LogKeeper): { community?: string } {
  return membership ? { community: short(membership.community) } : {}
}

/** Which messages the relay carries: those of its own community. */
function validatorFor(
  topic: string,
  keeper: LogKeeper,
  judging: Judging,
  directory: Directory,
  clock: Clock,
): Validate | undefined {
  const parsed = parseTopic(topic)
  const community: CommunityId | undefined = keeper.membership?.community
  if (parsed === undefined || parsed.community !== community) return undefined
  if (parsed.kind === 'room') return roomValidator(judging, parsed.room, () => true)
  // The log cannot grow but by its own hand.
  return communityValidator(judging, directory, clock, () => {})
}

/** A host that a person can put into the address line. */
function printed(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** What the system says when it does not give a port, and what to do about it. */
const REFUSALS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program: stop that, or choose another with --port',
  EACCES: 'may only be opened by root: choose one above 1023 with --port',
  EADDRNOTAVAIL: 'cannot be opened: this machine does not have that address, choose another with --host',
}

async function listen(config: Config, options: RelayNetworkOptions): Promise<RelayNetwork> {
  try {
    return await startRelayNetwork(options)
  } catch (cause) {
    const refusal = REFUSALS[(cause as NodeJS.ErrnoException).code ?? '']
    if (refusal === undefined) throw cause
    throw new StartError(`Port ${config.port} on ${config.host} ${refusal}.`, { cause })
  }
}
