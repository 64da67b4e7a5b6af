import { wordlist } from '@scure/bip39/wordlists/english.js'
import { invitationSigner } from '../../../protocol/community/invite.ts'
import { encodeInvitationCode } from '../../../protocol/community/link.ts'
import { DOMAIN } from '../../../protocol/domains.ts'
import { hash } from '../../../protocol/hash.ts'
import { commitProfile } from '../../../protocol/identity/profile.ts'
import { phraseOf, rootSigner } from '../../../protocol/identity/root.ts'
import { idBytes, keyBytes } from '../../../protocol/ids.ts'
import { communityTopic, roomTopic } from '../../../protocol/wire/topics.ts'
import { bytesOf } from '../../support/community.ts'
import { hex } from '../format.ts'
import type { Cast } from './cast.ts'

export interface Secrets {
  /** §5.1 */
  readonly roots: readonly { entropy: string; phrase: string; nonce: string; publicKey: string }[]
  readonly badPhrases: readonly { name: string; phrase: string }[]
  /** §5.4 */
  readonly commitments: readonly { name: string; bio?: string; salt: string; commitment: string }[]
  /** §6.3 */
  readonly invitations: readonly { seed: string; community: string; publicKey: string }[]
  /** §6.6 */
  readonly links: readonly {
    name: string
    text: string
    community?: string
    seed?: string
    reason?: string
  }[]
  /** §9.7: a topic and what it names; nothing for one that is none of ours. */
  readonly topics: readonly { topic: string; community?: string; room?: string }[]
}

/** What is derived, committed to, or written into links and topics. */
export function secrets({ founded, invitation, room }: Cast): Secrets {
  const { community } = founded
  const phrase = phraseOf(bytesOf('entropy'), wordlist)
  const link = encodeInvitationCode({ community, seed: invitation.seed })
  const version2 = relabelled(link)
  const bad = (name: string, text: string, reason = 'link-damaged') => ({ name, text, reason })
  return {
    roots: [bytesOf('entropy'), new Uint8Array(32), new Uint8Array(32).fill(255)].map((entropy) => ({
      entropy: hex(entropy),
      phrase: phraseOf(entropy, wordlist).join(' '),
      nonce: hex(bytesOf('nonce')),
      publicKey: hex(keyBytes(rootSigner(entropy, bytesOf('nonce')).publicKey)),
    })),
    badPhrases: [
      { name: '23 words', phrase: phrase.slice(1).join(' ') },
      { name: '12 words of a good phrase', phrase: `${'abandon '.repeat(11)}about` },
      { name: 'two words changed places', phrase: [phrase[1], phrase[0], ...phrase.slice(2)].join(' ') },
      { name: 'a word of no list', phrase: ['palabre', ...phrase.slice(1)].join(' ') },
      { name: 'nothing', phrase: '' },
    ],
    commitments: [
      { name: 'Alice', salt: bytesOf('salt') },
      { name: 'Élodie 한', bio: 'Plants trees.', salt: bytesOf('salt') },
    ].map(({ salt, ...text }) => ({
      ...text,
      salt: hex(salt),
      commitment: hex(commitProfile(text, salt)),
    })),
    invitations: [
      {
        seed: hex(invitation.seed),
        community: hex(idBytes(community)),
        publicKey: hex(keyBytes(invitationSigner(invitation.seed, community).publicKey)),
      },
    ],
    links: [
      { name: 'a link', text: link, community: hex(idBytes(community)), seed: hex(invitation.seed) },
      bad('nothing', ''),
      bad('cut short by one', link.slice(0, -1)),
      bad('one too many', `${link}A`),
      bad('one character changed', `${link.slice(0, 20)}${link[20] === 'A' ? 'B' : 'A'}${link.slice(21)}`),
      bad('another alphabet', `${link.slice(0, 20)}+${link.slice(21)}`),
      bad('spare bits set', withSpareBits(link)),
      bad('a line break', `${link.slice(0, 70)}\n`),
      bad('a version of the future', version2, 'link-version'),
    ],
    topics: [
      { topic: communityTopic(community), community },
      { topic: roomTopic(community, room), community, room },
      { topic: `palabre/2/${community}` },
      { topic: `palabre/1/${community}/${room}/more` },
      { topic: `palabre/1/${community.slice(1)}` },
      { topic: `palabre/1/${community}/` },
      { topic: `/palabre/1/${community}` },
      { topic: 'palabre/1' },
    ],
  }
}

/** The same code with its last character spelled otherwise: 71 characters carry 2 bits more than 53 bytes. */
function withSpareBits(link: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(link.slice(-1))
  return link.slice(0, -1) + alphabet[last + 1]
}

/** A code of version 2 whose check is right. */
function relabelled(link: string): string {
  const body = Uint8Array.from(Buffer.from(link, 'base64url').subarray(0, 49))
  body[0] = 2
  return Buffer.concat([body, hash(DOMAIN.link, body).subarray(0, 4)]).toString('base64url')
}
