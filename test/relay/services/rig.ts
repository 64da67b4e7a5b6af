import type { PeerIdString } from '../../../node/network/network.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { createVerifier, type Signer } from '../../../protocol/signature.ts'
import type { FoundRequest } from '../../../protocol/wire/services.ts'
import { Allowance, type Rate } from '../../../relay/allowance.ts'
import { foundingToken } from '../../../relay/founding.ts'
import { LogKeeper } from '../../../relay/log-keeper.ts'
import { logKeys } from '../../../relay/log-keys.ts'
import { Passing } from '../../../relay/passing.ts'
import { answerHello } from '../../../relay/services/hello.ts'
import { Sessions } from '../../../relay/sessions.ts'
import { Store } from '../../../relay/store.ts'
import { createTaking, type Take } from '../../../relay/taking.ts'
import {
  bytesOf,
  type Founded,
  foundCommunity,
  NOON,
  type Person,
  presence,
  signerOf,
} from '../../support/community.ts'

const PLENTY: Rate = { burst: 1000, refill: 1 }

/** The parts that a relay's services lean on, without a network: peers are connected when a test says so. */
export async function serviceRig(rate: Rate = PLENTY) {
  const clock = turnedClock(NOON * 1000)
  const store = new Store(':memory:')
  const verifier = createVerifier()
  const keys = logKeys(bytesOf('log'))
  const keeper = await LogKeeper.open({ store, verifier, keys, clock })
  const admitted = new Set<PeerIdString>()
  const gate = {
    admit: (peer: PeerIdString) => admitted.add(peer),
    recognise: () => {},
    revoke: (peer: PeerIdString) => admitted.delete(peer),
  }
  const gone = new Set<PeerIdString>()
  const passedOn: Uint8Array[] = []
  return {
    clock,
    store,
    verifier,
    keys,
    keeper,
    /** Whom the network was told to let in. */
    admitted,
    /** Who is not connected any more. */
    gone,
    sessions: new Sessions(gate, clock),
    relayKey: signerOf('relay session').publicKey,
    isConnected: (peer: PeerIdString) => !gone.has(peer),
    hellos: new Allowance(clock, rate),
    gets: new Allowance(clock, rate),
    puts: new Allowance(clock, rate),
    allPuts: new Allowance(clock, rate),
    publisher: { checkpoint: undefined, signed: undefined },
    shown: async () => {},
    lookFor: async () => {},
    take: takeOf(keeper),
    /** Profiles that other relays were given. */
    passedOn,
    passOn: (profile: Uint8Array) => void passedOn.push(profile),
  }
}

/** A relay that has nobody to pass anything on to. */
export function takeOf(keeper: LogKeeper): Take {
  const passing = new Passing([])
  return createTaking({ keeper, passing, caution: { seek: async () => {} }, signal: AbortSignal.any([]) })
}

export type ServiceRig = Awaited<ReturnType<typeof serviceRig>>

/** Alice founds the community of the rig. */
export async function found(rig: ServiceRig): Promise<Founded> {
  const founded = await foundCommunity(rig.keys.first)
  const taken = await rig.keeper.found(foundRequest(rig, founded))
  if (!taken.ok) throw new Error(taken.reason)
  return founded
}

export function foundRequest(rig: ServiceRig, { genesis, founder }: Founded): FoundRequest {
  return {
    token: foundingToken(rig.store, { bytes: (length) => bytesOf('token').slice(0, length) }),
    genesis: genesis.bytes,
    identity: founder.identity.bytes,
    device: founder.deviceAdd.bytes,
    profile: founder.profile.bytes,
  }
}

/** A connection's session key and its PeerId. */
export function sessionOf(label: string): { readonly key: Signer; readonly peer: PeerIdString } {
  const key = signerOf(`${label} session`)
  return { key, peer: peerIdOf(key.publicKey) }
}

/** A member's session that was let in. */
export async function enterMember(rig: ServiceRig, person: Person, label: string): Promise<PeerIdString> {
  const { key, peer } = sessionOf(label)
  const answer = await answerHello(rig, peer, { p: (await presence(person, key, NOON)).bytes })
  if (answer.error) throw new Error(answer.error)
  return peer
}
