import type { Network } from '../../node/network/network.ts'
import type { Clock } from '../../node/ports/clock.ts'
import { serve } from '../../node/requests.ts'
import type { Directory } from '../../node/room/directory.ts'
import type { KeyText } from '../../protocol/ids.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { CALL } from '../../protocol/wire/private-room.ts'
import { FOUND, HELLO, LEDGER, PROFILES, ROOMS } from '../../protocol/wire/services.ts'
import { STATE } from '../../protocol/wire/state-service.ts'
import { WELCOME } from '../../protocol/wire/welcome.ts'
import { Allowance, type Rate } from '../allowance.ts'
import type { LogKeeper } from '../log-keeper.ts'
import type { Sessions } from '../sessions.ts'
import type { Store } from '../store.ts'
import type { Take } from '../taking.ts'
import type { Publisher } from '../tree/publisher.ts'
import { UnderWay } from '../under-way.ts'
import { answerCalls } from './calls.ts'
import { answerFound } from './found.ts'
import { answerHello, type HelloParts } from './hello.ts'
import { answerLedger } from './ledger.ts'
import { answerProfiles } from './profiles.ts'
import { answerRooms } from './rooms.ts'
import { answerState } from './state.ts'
import { answerWelcome } from './welcome.ts'

/** What a peer may ask before it is admitted. */
export const OPEN_PROTOCOLS: readonly string[] = [HELLO.protocol, FOUND.protocol]

/** Each costs a verification for a stranger. An honest peer says hello once, and again every few minutes. */
const HELLOS: Rate = { burst: 8, refill: 5_000 }
/**
 * A ledger of ten thousand entries is read in 160 requests; a screen of names in a few. One that is read in the background goes on with the
 * refill: 2,500 entries a second, which the static files give anybody without asking who they are.
 */
const GETS: Rate = { burst: 256, refill: 25 }
/** Whoever has not read the ledger looks up those whom they meet; a room of a hundred is proved in seven answers. */
const PROOFS: Rate = { burst: 64, refill: 100 }
/** Who leads a private room calls those who are not there, each tab of theirs, every ten seconds. */
const CALLS: Rate = { burst: 128, refill: 100 }
/** Who enters a large room asks somebody there, and then a few more who speak. */
const WELCOMES: Rate = { burst: 32, refill: 1_000 }
/** Each answer costs who gives it some milliseconds, beside their voice; the others of a crowd that comes at once are linked first. */
const WELCOME_ANSWERS: Rate = { burst: 16, refill: 100 }
/** A person presses a button now and then; a device that was offline brings some statements at once. */
const PUTS: Rate = { burst: 32, refill: 500 }
/** All members together: what one processor takes with time to spare for everything else. */
const ALL_PUTS: Rate = { burst: 1024, refill: 2 }

export interface ServiceParts {
  readonly network: Network
  readonly keeper: LogKeeper
  readonly publisher: Publisher
  readonly shown: HelloParts['shown']
  readonly lookFor: HelloParts['lookFor']
  readonly take: Take
  /** Gives a profile to the other relays of the community. */
  passOn(profile: Uint8Array): void
  readonly store: Store
  readonly sessions: Sessions
  readonly directory: Directory
  readonly verifier: Verifier
  readonly clock: Clock
  /** The relay's own session key. */
  readonly relayKey: KeyText
}

/** Answers everything that peers ask of a relay (SPEC §9). */
export async function serveAll(parts: ServiceParts): Promise<void> {
  const { network, keeper, publisher, store, sessions, directory, verifier, clock, relayKey } = parts
  const { shown, lookFor, take, passOn } = parts
  const hellos = new Allowance(clock, HELLOS)
  const gets = new Allowance(clock, GETS)
  const proofs = new Allowance(clock, PROOFS)
  const puts = new Allowance(clock, PUTS)
  const allPuts = new Allowance(clock, ALL_PUTS)
  const isConnected = (peer: string) => network.connections().some((link) => link.peer === peer)

  const hello = {
    keeper,
    publisher,
    shown,
    lookFor,
    sessions,
    verifier,
    clock,
    hellos,
    allPuts,
    take,
    relayKey,
    isConnected,
  }
  const ledger = { keeper, take, publisher, sessions, gets, puts, allPuts }
  const state = { publisher, sessions, gets: proofs }
  const found = { keeper, hellos }
  const profiles = { keeper, sessions, store, verifier, gets, puts, passOn }
  const rooms = { sessions, directory, gets }
  const calls = { network, sessions, gets, calls: new Allowance(clock, CALLS), underWay: new UnderWay() }
  const welcomes = {
    network,
    sessions,
    welcomes: new Allowance(clock, WELCOMES),
    answers: new Allowance(clock, WELCOME_ANSWERS),
    underWay: new UnderWay(),
  }
  await serve(network, HELLO, (from, request) => answerHello(hello, from, request))
  await serve(network, FOUND, (from, request) => answerFound(found, from, request))
  await serve(network, LEDGER, (from, request) => answerLedger(ledger, from, request))
  await serve(network, STATE, (from, request) => answerState(state, from, request))
  await serve(network, PROFILES, (from, request) => answerProfiles(profiles, from, request))
  await serve(network, CALL, (from, request) => answerCalls(calls, from, request))
  await serve(network, WELCOME, (from, request, signal) => answerWelcome(welcomes, from, request, signal))
  await serve(network, ROOMS, (from) => answerRooms(rooms, from))
}
