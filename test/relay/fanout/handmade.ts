/** Offers and tickets made by hand, byte for byte as a test wants them. */

import { TICKET, type Ticket } from '../../../protocol/audio/ticket.ts'
import { seal } from '../../../protocol/envelope.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { signerOf } from '../../support/community.ts'
import { type Guest, ROOM, type Scene } from './scene.ts'

/** Of the certificate that the offers name. */
export const FINGERPRINT = new Uint8Array(32).fill(0xab)
/** A section of somebody who listens. */
export const SLOT = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  'a=recvonly',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=rtpmap:111 opus/48000/2',
]
/** A section of somebody who speaks. */
export const VOICE = [
  ...SLOT.map((row) => row.replace('mid:0', 'mid:1').replace('recvonly', 'sendonly')),
  'a=ssrc:1 cname:x',
]
/** An offer of these sections, of somebody who never connects. */
export const offerOf = (...sections: string[][]) =>
  [
    'v=0',
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
    ...sections.flat(),
    '',
  ].join('\r\n')

/** A guest's ticket for two minutes, of the session of this name; @param signer their device */
export async function ticketOf(
  scene: Scene,
  { person }: Guest,
  name: string,
  change: Partial<Ticket> = {},
  signer: Signer = person.device,
): Promise<Uint8Array> {
  const at = Math.floor(Date.now() / 1000)
  const ticket: Ticket = {
    r: ROOM,
    m: person.member,
    from: signerOf(`${name} session`).publicKey,
    relay: signerOf('relay session').publicKey,
    as: 'listener',
    fp: FINGERPRINT,
    at,
    exp: at + 120,
    ...change,
  }
  return (await seal(TICKET, scene.membership().community, ticket, [signer])).bytes
}
