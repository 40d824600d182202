// What can become of a statement's line: what each state is called, and what somebody has to do about it.

/** In the order in which lines are listed. `bad` are those that have to be looked at. */
const STATES = {
  amount_mismatch: {
    name: 'Differs', bad: true,
    todo: 'Both sides have the reference, with different amounts, directions or currencies. Find out who is right: fees that the bank has kept are the usual cause. Book the difference, or claim it.',
  },
  missing_internal: {
    name: 'Missing in these books', bad: true,
    todo: 'The statement has it, these books have not. If it is real, book it: a deposit or a withdrawal with the line’s reference.',
  },
  missing_external: {
    name: 'Missing on the statement', bad: true,
    todo: 'These books have it, the statement has not. Ask the bank; a deposit that never came has to be taken back.',
  },
  duplicate: {
    name: 'Once too often', bad: true,
    todo: 'One side has it once more than the other, with the same reference and amount. Ask whose mistake it is, and have one reversed.',
  },
  unreadable: {
    name: 'Cannot be read', bad: true,
    todo: 'Read it by eye in the file. Say which columns have what, or ask for the file again. It was not taken for zero.',
  },
  expected_later: {
    name: 'Expected later', bad: false,
    todo: 'One side has it already, and the other may have it soon: wait for the next statement.',
  },
  matched: { name: 'Matched', bad: false, todo: 'Both sides have it. Nothing is to be done.' },
};

/** A state's name and advice, and whether it is a discrepancy; its own word where it is not known here. */
export const stateOf = (state) => STATES[state] ?? { name: state.replaceAll('_', ' '), bad: true, todo: '' };

const FORMATS = { csv: 'CSV', 'camt.053': 'camt.053', mt940: 'MT940' };

/** What a format is called. */
export const formatText = (format) => FORMATS[format] ?? format;
