import { CLAIM } from '../../../protocol/community/attest.ts'
import { CERTIFY } from '../../../protocol/community/certify.ts'
import type { Member } from '../../../protocol/community/membership.ts'
import { VOUCH } from '../../../protocol/community/vouch.ts'
import { PeerError } from '../../errors.ts'
import { refsForClaim } from '../../people/invitations.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { memberBy } from './targets.ts'

const MEMBER = 'id of the member, or how it begins'

export const declareVouch: Declare = (program, start) => {
  withHomeOptions(program.command('vouch'))
    .description('Become a further sponsor of somebody, and answer for them with their own.')
    .argument('<member>', MEMBER)
    .addHelpText('after', examples(['palabre vouch 3hQ8mZk1', 'answer for the member whose id begins so']))
    .action(start(vouch))
}

export const declareCertify: Declare = (program, start) => {
  withHomeOptions(program.command('certify'))
    .description('As a steward, give somebody the badge of a certified room creator, or take it.')
    .argument('<member>', MEMBER)
    .option('--off', 'take the badge')
    .addHelpText(
      'after',
      examples(['palabre certify 3hQ8mZk1', 'give it'], ['palabre certify 3hQ8mZk1 --off', 'take it']),
    )
    .action(start(certify))
}

export const declareClaim: Declare = (program, start) => {
  withHomeOptions(program.command('claim'))
    .description('Turn what others attested of you on stages into further slots.')
    .addHelpText('after', examples(['palabre claim', 'as many attestations as it takes, and no more']))
    .action(start(claim))
}

function vouch(terminal: Terminal, typed: string, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const member = memberBy(visit.state, typed)
    const { id } = await visit.act(VOUCH, (place) => ({ ...place, for: member }))
    terminal.output.result({ vouch: id, member }, `You answer for ${member} now.`)
    return EXIT.ok
  })
}

function certify(
  terminal: Terminal,
  typed: string,
  options: HomeOptions & { readonly off?: boolean },
): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const member = memberBy(visit.state, typed)
    const on = options.off !== true
    const { id } = await visit.act(CERTIFY, (place) => ({ ...place, for: member, on }))
    terminal.output.result(
      { certify: id, member, on },
      `${member} ${on ? 'has the badge' : 'has the badge no longer'}.`,
    )
    return EXIT.ok
  })
}

function claim(terminal: Terminal, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const { member } = visit.card
    const { payload } = await visit.act(CLAIM, (place, state) => {
      const refs = refsForClaim(state, state.members.get(member) as Member)
      if (refs === undefined) throw new PeerError('claim-short')
      return { ...place, refs }
    })
    const more = visit.state.genesis.payload.policy['more-slots']
    terminal.output.result({ slots: more, used: payload.refs }, `You have ${more} further slots.`)
    return EXIT.ok
  })
}
