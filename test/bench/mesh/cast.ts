/** Who is on the stage of the benchmark's room; the page and the measuring process make up the same. */

import type { WantedLink } from '../../../node/mesh/mesh.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import type { VoiceKeys } from '../../../node/voice/keys.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import { beginLedger } from '../../../protocol/community/replay.ts'
import { idOf, type KeyText, type RoomId } from '../../../protocol/ids.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import { withMember } from '../../node/mesh/scene.ts'
import { bytesOf, foundCommunity, NOON, type Person, personOf, signerOf } from '../../support/community.ts'

export const ROOM: RoomId = idOf<RoomId>(bytesOf('the room'))
const SECRET = { epoch: 1, generation: 0, secret: bytesOf('secret 1') }
export const KEYS: VoiceKeys = { held: [SECRET], speak: SECRET }

/** Whose page is measured. */
export const ALICE = 'Alice'
export const seedOf = (name: string): Uint8Array => bytesOf(`${name} session`)

export interface Actor {
  readonly name: string
  readonly key: KeyText
  readonly person: Person
}

export interface Cast {
  readonly membership: Membership
  readonly alice: Actor
  /** Those at the other ends of her links. */
  readonly others: readonly Actor[]
}

export async function castOf(speakers: number, verifier: Verifier): Promise<Cast> {
  const [genesis] = (await foundCommunity(signerOf('log').publicKey)).entries
  const begun = await beginLedger(verifier, genesis as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  let membership: Membership = begun.value
  const enter = async (name: string): Promise<Actor> => {
    const person = await personOf(membership.community, name, NOON)
    membership = withMember(membership, person)
    return { name, key: signerOf(`${name} session`).publicKey, person }
  }
  const alice = await enter(ALICE)
  const others: Actor[] = []
  while (others.length < speakers - 1) others.push(await enter(`speaker ${others.length + 2}`))
  return { membership, alice, others }
}

export function linkTo({ key, person }: Actor, send: boolean): WantedLink {
  return { peer: peerIdOf(key), key, member: person.member, send, receive: true }
}
