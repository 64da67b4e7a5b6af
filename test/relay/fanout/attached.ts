import { onTestFinished } from 'vitest'
import { AudienceLink } from '../../../node/audience/audience-link.ts'
import type { AudibleHeadlessConnection } from '../../../node/headless/audible-connection.ts'
import { RoomSound } from '../../../node/headless/room-sound.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { keyText } from '../../../protocol/ids.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { type Guest, ROOM, type Scene, type SceneRelay } from './scene.ts'

const SECRET = { epoch: 1, generation: 0, secret: bytesOf('the secret') }
const verifier = createVerifier()

/** What a guest without devices says and hears: theirs are the keys of everybody in the room. */
export function soundOf(scene: Scene, name: string): RoomSound {
  const report = (where: string, error: unknown) => void scene.failures.push(`${where}: ${error}`)
  const seed = bytesOf(`${name} session`)
  const sound = new RoomSound({ room: ROOM, seed }, { verifier, bind: '127.0.0.1', iceServers: [], report })
  sound.use({ held: [SECRET], speak: SECRET })
  return sound
}

/** A guest without devices, at their relay. @param at the scene's own, unless it is another */
export function attach(
  scene: Scene,
  { person, network }: Guest,
  name: string,
  speaks: boolean,
  at: Pick<SceneRelay, 'relay'> = scene,
) {
  const sound = soundOf(scene, name)
  const standing = Promise.withResolvers<void>()
  const link = new AudienceLink<AudibleHeadlessConnection>({
    room: ROOM,
    relay: { peer: at.relay.peer, key: keyText(at.relay.publicKey) },
    speaks,
    me: { member: person.member, device: person.device, peer: signerOf(`${name} session`).publicKey },
    network,
    connections: sound.audience,
    clock: systemClock,
    verifier,
    membership: scene.membership,
    onChange: () => {
      if (link.connected && link.hearing > 0) standing.resolve()
    },
    onEnd: ({ reason }) => standing.reject(new Error(reason)),
  })
  onTestFinished(() => link.close())
  return { sound, link, stands: standing.promise }
}
