import { INVITE_VOID } from '../../../protocol/community/invite-void.ts'
import { REPUDIATE } from '../../../protocol/community/repudiate.ts'
import { slotHolder } from '../../../protocol/community/slots.ts'
import { type KeyText, parseId, type StatementId } from '../../../protocol/ids.ts'
import { chainOfDevice } from '../../community/acts.ts'
import { sealInvite } from '../../community/inviting.ts'
import { PeerError } from '../../errors.ts'
import type { Visit } from '../../headless/visit.ts'
import { slotViews } from '../../people/slots.ts'
import type { SlotView } from '../../people/view.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { table } from '../output.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { parseKey, parseSpan } from './targets.ts'
import { moment } from './text.ts'

interface InviteOptions extends HomeOptions {
  readonly expires?: number
  readonly for?: KeyText
}

export const declareInvite: Declare = (program, start) => {
  const group = program
    .command('invite')
    .description('Invite somebody, and see and undo your invitations.')
    .addHelpText(
      'after',
      examples(
        ['palabre invite', 'print a link for one person'],
        ['palabre invite --expires 2d', 'one that works for two days'],
        ['palabre invite list', 'your slots, which are usable, and when'],
        ['palabre invite withdraw 3', 'nobody can use the link of slot 3 any more'],
        ['palabre invite undo 3', 'undo the coming in of whoever used it'],
      ),
    )
  withHomeOptions(group.command('new', { isDefault: true }))
    .description('Spend a slot, and print the link for one person; done when nothing else is said.')
    .option('--expires <span>', 'how long the link works, such as 12h or 7d (default: 14d)', parseSpan)
    .option(
      '--for <root key>',
      'only for the person who has this root: see "palabre identity root"',
      parseKey,
    )
    .action(start(invite))
  withHomeOptions(group.command('list'))
    .description('Your slots: which are usable, from when, and who came in with them.')
    .action(start(list))
  withHomeOptions(group.command('withdraw'))
    .description('Withdraw an invitation that nobody used; its slot is free again.')
    .argument('<slot>', 'number of the slot, or id of the invitation')
    .action(start(withdraw))
  withHomeOptions(group.command('undo'))
    .description('Undo the coming in of a guest of yours, soon after; the slot is free again.')
    .argument('<slot>', 'number of the slot, or id of the invitation')
    .action(start(undo))
}

function invite(terminal: Terminal, options: InviteOptions): Promise<ExitStatus> {
  const terms = {
    ...(options.expires === undefined ? {} : { lifetime: options.expires }),
    ...(options.for === undefined ? {} : { only: options.for }),
  }
  return visiting(terminal, options, async (visit, { home, ports, origin }) => {
    const { card, device, acting } = visit
    const { community, member } = card
    let code = ''
    const { payload, id } = await acting.next(
      device.publicKey,
      chainOfDevice(device.publicKey),
      async (state, chain) => {
        const slots = slotViews(state, member, new Map(), visit.now())
        const free = slots.find((slot) => slot.state === 'free')
        if (free === undefined) throw new PeerError(whyNone(slots))
        const now = visit.now()
        const made = await sealInvite(community, member, device, chain, free.slot, now, ports.random, terms)
        // Kept before it is sent: a link whose secret is lost would hold its slot for nothing.
        await home.put(`invitation/${community}/${made.statement.payload.key}`, made.code)
        code = made.code
        return made.statement
      },
    )
    const link = linkOf(origin, code)
    const { slot, exp } = payload
    terminal.output.result({ link, invitation: id, slot, expires: exp }, link)
    return EXIT.ok
  })
}

/** Why somebody cannot invite now. */
function whyNone(slots: readonly SlotView[]) {
  if (slots.some(({ state }) => state === 'paused')) return 'sponsor-paused'
  return slots.some(({ state }) => state === 'immature') ? 'slot-immature' : 'no-free-slot'
}

function list(terminal: Terminal, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit, { home, origin }) => {
    const { card, state } = visit
    const prefix = `invitation/${card.community}/`
    const links = new Map(
      (await home.list(prefix)).map(([key, code]) => [
        key.slice(prefix.length) as KeyText,
        linkOf(origin, code as string),
      ]),
    )
    await visit.fetchNames()
    const nameOf = visit.profiles.names.value
    const slots = slotViews(state, card.member, links, visit.now())
    terminal.output.result(
      slots.map((slot) => ('guest' in slot ? { ...slot, name: nameOf(slot.guest) } : slot)),
      () =>
        table(
          slots.map((slot) => [
            slot.slot,
            slot.state,
            describe(slot, 'guest' in slot ? nameOf(slot.guest) : undefined),
          ]),
        ),
    )
    return EXIT.ok
  })
}

function describe(slot: SlotView, guest: string | undefined): string {
  switch (slot.state) {
    case 'free':
      return ''
    case 'immature':
    case 'withheld':
    case 'paused':
      return slot.from === undefined
        ? 'once somebody from another branch attests you'
        : `until ${moment(slot.from)}`
    case 'pending':
      return `${slot.link ?? slot.invitation}${slot.expires === undefined ? '' : `, until ${moment(slot.expires)}`}`
    case 'used': {
      const undo = slot.undo === undefined ? '' : `, can be undone until ${moment(slot.undo)}`
      return `${guest ?? ''} ${slot.guest}${undo}${slot.leaked ? ', and somebody else had the link too' : ''}`.trim()
    }
  }
}

function linkOf(origin: URL, code: string): string {
  return `${origin.origin}/#/i/${code}`
}

function withdraw(terminal: Terminal, typed: string, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const invitation = invitationBy(visit, typed)
    await visit.act(INVITE_VOID, (place) => ({ ...place, invite: invitation }))
    terminal.output.result(
      { withdrawn: invitation },
      'The invitation is withdrawn, and its slot is free again.',
    )
    return EXIT.ok
  })
}

function undo(terminal: Terminal, typed: string, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const invitation = invitationBy(visit, typed)
    await visit.act(REPUDIATE, (place) => ({ ...place, invite: invitation }))
    terminal.output.result(
      { undone: invitation },
      'The coming in of this guest is undone, and the slot is free again.',
    )
    return EXIT.ok
  })
}

/** The invitation that holds a slot of ours, or has this id. */
function invitationBy({ state, card, now }: Visit, typed: string): StatementId {
  if (/^\d{1,6}$/.test(typed)) {
    const holder = slotHolder(state, card.member, Number(typed), now())
    if (holder === undefined)
      throw new CliError('invitation-unknown', `No invitation holds your slot ${typed}.`)
    return holder.id
  }
  const id = parseId<StatementId>(typed)
  if (id === undefined)
    throw new CliError(
      'invitation-unknown',
      `${typed} is neither the number of a slot nor the id of an invitation.`,
    )
  return id
}
