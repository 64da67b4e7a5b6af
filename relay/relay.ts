import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from 'pino'
import { nodeVerifiers } from '../node/crypto/verifiers.ts'
import { communityValidator } from '../node/gossip/community.ts'
import type { Judging } from '../node/gossip/received.ts'
import { roomValidator } from '../node/gossip/room.ts'
import type { RoomMessage } from '../node/gossip/room-message.ts'
import type { Validate } from '../node/network/network.ts'
import { type Clock, second } from '../node/ports/clock.ts'
import type { Random } from '../node/ports/random.ts'
import { createDirectory, type Directory } from '../node/room/directory.ts'
import { type CommunityId, keyText, type RoomId } from '../protocol/ids.ts'
import { isAhead } from '../protocol/room/operation.ts'
import { communityTopic, parseTopic } from '../protocol/wire/topics.ts'
import { Allowance, type Rate } from './allowance.ts'
import { openCommunityLog } from './community-log.ts'
import type { Config } from './config/config.ts'
import { openDataFolder } from './data-folder.ts'
import { Crew } from './fanout/crew.ts'
import { startFanout } from './fanout/fanout.ts'
import { OtherRelays } from './fanout/other-relays.ts'
import { RoomSight } from './fanout/room-sight.ts'
import { foundingToken } from './founding.ts'
import { createApp, type RelayFacts } from './http/app.ts'
import { loadAssets } from './http/assets.ts'
import type { SubmissionParts } from './http/submission-door.ts'
import { short } from './log.ts'
import type { LogKeeper } from './log-keeper.ts'
import { nativeSigner } from './log-keys.ts'
import { type RelayNetwork, type RelayNetworkOptions, startRelayNetwork } from './network/relay-network.ts'
import { Passing } from './passing.ts'
import { entriesOfPeer } from './peer-entries.ts'
import type { HelloParts } from './services/hello.ts'
import { forgetErased, keepProfile } from './services/profiles.ts'
import { OPEN_PROTOCOLS, serveAll } from './services/serve.ts'
import { type Gate, Sessions } from './sessions.ts'
import { StartError } from './start-error.ts'
import { Store } from './store.ts'
import { createTaking } from './taking.ts'
import { followLogs } from './witness/followed.ts'
import { Witness } from './witness/witness.ts'

/** What `npm run build` writes. */
const APP = fileURLToPath(new URL('../web/dist', import.meta.url))

/** What comes through the doors for relays, from all of them together; each costs a verification or two. */
const SUBMISSIONS: Rate = { burst: 256, refill: 10 }
/** An invitation that somebody holds and the ledger lacks is a second old, or none. Milliseconds. */
const LOOK_FOR = 3_000

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
  const verifiers = await nodeVerifiers()
  const { verifier } = verifiers
  const communityLog = await openCommunityLog(config, { folder, store, ...verifiers, clock, log })
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

  const sessionSeed = await folder.seed('session.key')
  const assets = await loadAssets(APP)
  let facts: (() => RelayFacts) | undefined
  const report = (where: string, error: unknown) =>
    log.error({ where, err: error }, 'a part of the relay failed')
  /** What passes on the topics of rooms, for whom it is of use. */
  let seen: (room: RoomId, message: RoomMessage) => void = () => {}
  let fellows: OtherRelays | undefined
  const stopping = new AbortController()
  const { signal } = stopping
  const passing = new Passing(config.mirrors)
  const take = createTaking({ keeper, passing, caution, signal })
  const passOn = (profile: Uint8Array) => {
    void passing.profile(profile, signal)
  }
  const submitted = new Allowance(clock, SUBMISSIONS)
  const submissions: SubmissionParts = {
    membership: () => keeper.membership,
    allow: () => submitted.take('everybody'),
    take,
    async keep(profile, passed) {
      const kept = await keepProfile({ store, verifier }, judging.membership(), profile)
      if (kept.ok && !passed) passOn(profile)
      return kept
    },
  }
  const app = createApp({ assets, log: files, witness, submissions, facts: () => facts?.() })
  const relayNetwork = await listen(config, {
    listen: { host: config.host, port: config.port },
    ...(config.tls && { tls: config.tls }),
    // The globals of the process are not the HTTP adapter's to replace.
    httpHandler: getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    privateSeed: sessionSeed,
    announce: config.announce,
    openProtocols: OPEN_PROTOCOLS,
    validatorFor: (topic) =>
      validatorFor(topic, keeper, judging, directory, clock, (room, message) => seen(room, message)),
    isFellow: (peer) => fellows?.has(peer) === true,
    report,
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
  const lookFor = (isThere: () => boolean) =>
    caution.seek(isThere, AbortSignal.any([signal, AbortSignal.timeout(LOOK_FOR)]))
  const means = { network, keeper, publisher, store, sessions, directory, verifier, clock, relayKey }
  await serveAll({ ...means, shown, lookFor, take, passOn })
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
  undo.push(() => stopping.abort())
  if (config.mediaProcesses > 0) {
    const others = new OtherRelays({
      origins: config.mirrors,
      community: () => keeper.membership?.community,
      network,
      dial: (addresses, patience) => relayNetwork.dial(addresses, patience),
      admit: (peer) => admissions.admit(peer),
      clock,
    })
    fellows = others
    undo.push(() => others.stop())
    const sight = new RoomSight({ directory, judging, network, clock, report })
    undo.push(() => sight.stop())
    seen = (room, message) => sight.take(room, message)
    const fanout = await startFanout({
      network,
      sessions,
      verifier,
      membership: judging.membership,
      relay: nativeSigner(sessionSeed),
      gate: sight,
      crew: new Crew({
        processes: config.mediaProcesses,
        ports: config.mediaPorts,
        bind: mediaBind(config.host),
        announce: config.mediaAddresses,
        secret: random.bytes(16),
        clock,
        report,
      }),
      clock,
      others: () => others.addresses,
      fellows: others,
    })
    undo.push(() => fanout.stop())
  }
  // The first to be ended: what is being stored is answered while there is still a network to answer on.
  undo.push(() => communityLog.close())

  facts = () => ({
    peer: network.peer,
    logKey: keeper.membership?.log ?? keys.first,
    witnessKey: witness.key,
    community: keeper.membership?.community ?? null,
    addresses: config.announce.length > 0 ? relayNetwork.addresses() : [],
    relays: fellows?.addresses ?? [],
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
  seen: (room: RoomId, message: RoomMessage) => void,
): Validate | undefined {
  const parsed = parseTopic(topic)
  const community: CommunityId | undefined = keeper.membership?.community
  if (parsed === undefined || parsed.community !== community) return undefined
  if (parsed.kind === 'room') {
    const { room } = parsed
    return roomValidator(judging, room, clock, (message) => {
      if (message.kind === 'operation' && isAhead(message.signed.operation, second(clock))) return false
      seen(room, message)
      return true
    })
  }
  // The log cannot grow but by its own hand.
  return communityValidator(judging, directory, clock, () => {})
}

/** The address for voices, as for everything else; undefined for all that the machine has. */
function mediaBind(host: string): string | undefined {
  if (host === 'localhost') return '127.0.0.1'
  return host === '0.0.0.0' || host === '::' ? undefined : host
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
