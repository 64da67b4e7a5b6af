import type { Network } from '../../node/network/network.ts'
import type { Clock } from '../../node/ports/clock.ts'
import { serve } from '../../node/requests.ts'
import type { Directory } from '../../node/room/directory.ts'
import type { KeyText } from '../../protocol/ids.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { FOUND, HELLO, LEDGER, PROFILES, ROOMS } from '../../protocol/wire/services.ts'
import { STATE } from '../../protocol/wire/state-service.ts'
import { Allowance, type Rate } from '../allowance.ts'
import type { LogKeeper } from '../log-keeper.ts'
import type { Sessions } from '../sessions.ts'
import type { Store } from '../store.ts'
import type { Publisher } from '../tree/publisher.ts'
import { answerFound } from './found.ts'
import { answerHello, type HelloParts } from './hello.ts'
import { answerLedger } from './ledger.ts'
import { answerProfiles } from './profiles.ts'
import { answerRooms } from './rooms.ts'
import { answerState } from './state.ts'

/** What a peer may ask before it is admitted. */
export const OPEN_PROTOCOLS: readonly string[] = [HELLO.protocol, FOUND.protocol]

/** Each costs a verification for a stranger. An honest peer says hello once, and again every few minutes. */
const HELLOS: Rate = { burst: 8, refill: 5_000 }
/** A ledger of ten thousand entries is read in 160 requests; a screen of names in a few. */
const GETS: Rate = { burst: 256, refill: 100 }
/** A person presses a button now and then; a device that was offline brings some statements at once. */
const PUTS: Rate = { burst: 32, refill: 500 }
/** All members together: what one processor takes with time to spare for everything else. */
const ALL_PUTS: Rate = { burst: 1024, refill: 2 }

export interface ServiceParts {
  readonly network: Network
  readonly keeper: LogKeeper
  readonly publisher: Publisher
  readonly shown: HelloParts['shown']
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
  const { network, keeper, publisher, shown, store, sessions, directory, verifier, clock, relayKey } = parts
  const hellos = new Allowance(clock, HELLOS)
  const gets = new Allowance(clock, GETS)
  const puts = new Allowance(clock, PUTS)
  const allPuts = new Allowance(clock, ALL_PUTS)
  const isConnected = (peer: string) => network.connections().some((link) => link.peer === peer)

  const hello = { keeper, publisher, shown, sessions, verifier, clock, hellos, relayKey, isConnected }
  const ledger = { keeper, publisher, sessions, gets, puts, allPuts }
  const state = { publisher, sessions, gets }
  const found = { keeper, hellos }
  const profiles = { keeper, sessions, store, verifier, gets, puts }
  const rooms = { sessions, directory, gets }
  await serve(network, HELLO, (from, request) => answerHello(hello, from, request))
  await serve(network, FOUND, (from, request) => answerFound(found, from, request))
  await serve(network, LEDGER, (from, request) => answerLedger(ledger, from, request))
  await serve(network, STATE, (from, request) => answerState(state, from, request))
  await serve(network, PROFILES, (from, request) => answerProfiles(profiles, from, request))
  await serve(network, ROOMS, (from) => answerRooms(rooms, from))
}
