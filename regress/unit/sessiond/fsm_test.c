/* SPDX-License-Identifier: ISC */
/*
 * The whole machine against a table of its own, written from RFC 4271 8.2.2,
 * RFC 6608 and RFC 9687: each event in each state without options, then what
 * the options change.
 *
 * A cell is the next state (I C A S F E for Idle, Connect, Active, OpenSent,
 * OpenConfirm, Established), a colon, and a letter for each action.
 */
#include <assert.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"

#include "sessiond/fsm.h"

static const char states[] = "ICASFE";

static const struct {
	char letter;
	uint32_t action;
} letters[] = {
	{ 'N', FSM_NOTIFY },
	{ 'F', FSM_NOTIFY_FSM },
	{ 'D', FSM_DROP },
	{ 'C', FSM_CONNECT },
	{ 'O', FSM_SEND_OPEN },
	{ 'K', FSM_SEND_KEEPALIVE },
	{ 'r', FSM_RETRY_START },
	{ 'q', FSM_RETRY_STOP },
	{ 'y', FSM_DELAY_START },
	{ 'x', FSM_DELAY_STOP },
	{ 'L', FSM_HOLD_LARGE },
	{ 'H', FSM_HOLD_START },
	{ 'h', FSM_HOLD_RESTART },
	{ 'k', FSM_KEEPALIVE_RESTART },
	{ 'U', FSM_UP },
	{ '+', FSM_LOSS },
	{ '0', FSM_LOSS_ZERO },
	{ 'i', FSM_IDLE_HOLD },
	{ 's', FSM_IDLE_STOP },
};

/* The event, then the cells of the six states. */
static const struct row {
	int event;
	const char *cells[FSM_STATES];
} rows[] = {
	{ 1, { "C:rCs0", "C:", "A:", "S:", "F:", "E:" } },
	{ 2,
	    { "I:s0", "I:Dqx0s", "I:Dqx0s", "I:NDqx0s", "I:NDqx0s",
		"I:NDqx0s" } },
	{ 3, { "C:rCs", "C:", "A:", "S:", "F:", "E:" } },
	{ 4, { "A:rs0", "C:", "A:", "S:", "F:", "E:" } },
	{ 5, { "A:rs", "C:", "A:", "S:", "F:", "E:" } },
	{ 6, { "C:rCs", "C:", "A:", "S:", "F:", "E:" } },
	{ 7, { "A:rs", "C:", "A:", "S:", "F:", "E:" } },
	{ 8,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "I:NDqx+i", "I:NDqx+i",
		"I:NDqx+i" } },
	{ 9, { "I:", "C:DxrC", "C:rC", "I:FDqx+i", "I:FDqx+i", "I:FDqx+i" } },
	{ 10,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "I:NDqx+i", "I:NDqx+i",
		"I:NDqx+i" } },
	{ 11, { "I:", "I:Dqx+i", "I:Dqx+i", "I:FDqx+i", "F:Kk", "E:Kk" } },
	{ 12,
	    { "I:", "S:qxOL", "S:qxOL", "I:FDqx+i", "I:FDqx+i", "I:FDqx+i" } },
	{ 13,
	    { "C:rCs", "I:Dqx+i", "I:Dqx+i", "I:FDqx+i", "I:FDqx+i",
		"I:FDqx+i" } },
	{ 14, { "I:", "C:", "A:", "S:", "F:", "E:" } },
	{ 15, { "I:", "C:", "A:", "S:", "F:", "E:" } },
	{ 16, { "I:D", "S:qxOL", "S:qxOL", "S:", "F:", "E:" } },
	{ 17, { "I:D", "S:qxOL", "S:qxOL", "S:", "F:", "E:" } },
	{ 18, { "I:", "I:Dqxi", "I:Dqx+i", "A:Dxr", "I:Dqx+i", "I:Dqx+i" } },
	{ 19,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "F:qxKH", "I:FDqx+i", "I:FDqx+i" } },
	{ 20,
	    { "I:", "F:qxOKH", "F:qxOKH", "I:FDqx+i", "I:FDqx+i",
		"I:FDqx+i" } },
	{ 21,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "I:NDqx+i", "I:NDqx+i",
		"I:NDqx+i" } },
	{ 22,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "I:NDqx+i", "I:NDqx+i",
		"I:NDqx+i" } },
	{ 23,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "I:NDqx+i", "I:NDqx+i",
		"I:NDqx+i" } },
	{ 24, { "I:", "I:Dqx+i", "I:Dqx+i", "I:Dqxi", "I:Dqxi", "I:Dqx+i" } },
	{ 25, { "I:", "I:Dqx+i", "I:Dqx+i", "I:Dqx+i", "I:Dqx+i", "I:Dqx+i" } },
	{ 26, { "I:", "I:Dqx+i", "I:Dqx+i", "I:FDqx+i", "E:hU", "E:h" } },
	{ 27, { "I:", "I:Dqx+i", "I:Dqx+i", "I:FDqx+i", "I:FDqx+i", "E:h" } },
	{ 28,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "I:FDqx+i", "I:FDqx+i",
		"I:NDqx+i" } },
	{ 29,
	    { "I:", "I:Dqx+i", "I:Dqx+i", "I:NDqx+i", "I:NDqx+i",
		"I:NDqx+i" } },
	{ 30, { "I:", "I:Dqx+i", "I:Dqx+i", "I:FDqx+i", "I:FDqx+i", "E:h" } },
};

/* Option letters: p passive, d DelayOpen, t its timer runs, n notification
 * without OPEN. */
static const struct option_row {
	char state;
	int event;
	const char *options;
	const char *cell;
} option_rows[] = {
	{ 'I', 13, "p", "A:rs" },
	{ 'C', 16, "d", "C:qy" },
	{ 'C', 17, "d", "C:qy" },
	{ 'A', 16, "d", "A:qy" },
	{ 'A', 17, "d", "A:qy" },
	{ 'C', 2, "dt", "I:Dqx0s" },
	{ 'C', 2, "dtn", "I:NDqx0s" },
	{ 'A', 2, "dtn", "I:NDqx0s" },
	{ 'A', 2, "dn", "I:Dqx0s" },
	{ 'C', 21, "dtn", "I:NDqx+i" },
	{ 'C', 22, "dtn", "I:NDqx+i" },
	{ 'A', 21, "dtn", "I:NDqx+i" },
	{ 'A', 22, "dtn", "I:NDqx+i" },
	{ 'C', 24, "dt", "I:Dqxi" },
	{ 'A', 24, "dt", "I:Dqxi" },
	{ 'C', 18, "dt", "A:Dxr" },
	{ 'A', 18, "dt", "I:Dqx+i" },
	{ 'A', 9, "p", "A:r" },
	{ 'C', 9, "p", "A:Dxr" },
	{ 'S', 18, "pdtn", "A:Dxr" },
	{ 'E', 21, "pdtn", "I:NDqx+i" },
	{ 'S', 16, "d", "S:" },
};

static_assert(nitems(rows) == FSM_EV__MAX - 1, "a row for each event");

static void
expect(struct fsm_step got, const char *cell, int state, int event)
{
	uint32_t actions = 0;
	const char *p;
	size_t i;

	ck_assert_msg(states[got.next] == cell[0], "state %c event %d: to %c",
	    states[state], event, states[got.next]);
	for (p = cell + 2; *p != '\0'; p++) {
		for (i = 0; i < nitems(letters); i++) {
			if (letters[i].letter == *p)
				break;
		}
		ck_assert(i < nitems(letters));
		actions |= letters[i].action;
	}
	ck_assert_msg(got.actions == actions,
	    "state %c event %d: actions %#x, not %#x (%s)", states[state],
	    event, got.actions, actions, cell);
}

START_TEST(every_event_in_every_state)
{
	const struct fsm_options none = { 0 };
	const struct row *r = &rows[_i];
	int s;

	ck_assert_int_eq(r->event, _i + 1);
	for (s = 0; s < FSM_STATES; s++)
		expect(fsm_step((enum peer_state)s, (enum fsm_event)r->event,
			   &none),
		    r->cells[s], s, r->event);
}
END_TEST

START_TEST(options_change_the_answer)
{
	const struct option_row *r = &option_rows[_i];
	const struct fsm_options o = {
		.passive = strchr(r->options, 'p') != NULL,
		.delay_open = strchr(r->options, 'd') != NULL,
		.delay_running = strchr(r->options, 't') != NULL,
		.notify_without_open = strchr(r->options, 'n') != NULL,
	};
	int s = (int)(strchr(states, r->state) - states);

	expect(fsm_step((enum peer_state)s, (enum fsm_event)r->event, &o),
	    r->cell, s, r->event);
}
END_TEST

/* Over all options: what must hold whatever the table says. */
START_TEST(invariants_of_every_step)
{
	int s, ev, bits;

	for (bits = 0; bits < 16; bits++) {
		const struct fsm_options o = { bits & 1, (bits & 2) != 0,
			(bits & 4) != 0, (bits & 8) != 0 };

		for (s = 0; s < FSM_STATES; s++) {
			for (ev = 1; ev < FSM_EV__MAX; ev++) {
				struct fsm_step st = fsm_step(
				    (enum peer_state)s, (enum fsm_event)ev, &o);

				/* who falls lets go of the connection */
				if (st.next == PEER_IDLE && s != PEER_IDLE)
					ck_assert(st.actions & FSM_DROP);
				/* never both kinds of NOTIFICATION */
				ck_assert(!(st.actions & FSM_NOTIFY) ||
				    !(st.actions & FSM_NOTIFY_FSM));
				/* a NOTIFICATION is the end */
				if (st.actions & (FSM_NOTIFY | FSM_NOTIFY_FSM))
					ck_assert(st.actions & FSM_DROP);
				/* never answered with one (6.4) */
				if (ev == FSM_EV_NOTIFICATION ||
				    ev == FSM_EV_NOTIFICATION_VERSION)
					ck_assert(!(st.actions &
					    (FSM_NOTIFY | FSM_NOTIFY_FSM)));
				/* passive peers never dial */
				if (o.passive &&
				    ev == FSM_EV_CONNECT_RETRY_EXPIRES)
					ck_assert(!(st.actions & FSM_CONNECT));
				/* only one way to be established */
				if (st.actions & FSM_UP)
					ck_assert(s == PEER_OPEN_CONFIRM &&
					    ev == FSM_EV_KEEPALIVE);
			}
		}
	}
}
END_TEST

START_TEST(start_events)
{
	ck_assert_int_eq(fsm_start_event(true, false, false), 1);
	ck_assert_int_eq(fsm_start_event(true, false, true), 1);
	ck_assert_int_eq(fsm_start_event(true, true, true), 4);
	ck_assert_int_eq(fsm_start_event(false, false, false), 3);
	ck_assert_int_eq(fsm_start_event(false, true, false), 5);
	ck_assert_int_eq(fsm_start_event(false, false, true), 6);
	ck_assert_int_eq(fsm_start_event(false, true, true), 7);
}
END_TEST

START_TEST(subcodes_and_names)
{
	int i;

	ck_assert_int_eq(fsm_error_subcode(PEER_IDLE), 0);
	ck_assert_int_eq(fsm_error_subcode(PEER_OPEN_SENT), 1);
	ck_assert_int_eq(fsm_error_subcode(PEER_OPEN_CONFIRM), 2);
	ck_assert_int_eq(fsm_error_subcode(PEER_ESTABLISHED), 3);
	for (i = 0; i < FSM_STATES; i++)
		ck_assert_ptr_nonnull(fsm_state_name((enum peer_state)i));
	ck_assert_str_eq(fsm_event_name((enum fsm_event)0), "no event");
	for (i = 1; i < FSM_EV__MAX; i++)
		ck_assert_str_ne(fsm_event_name((enum fsm_event)i), "no event");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fsm");
	TCase *t = tcase_create("fsm");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, every_event_in_every_state, 0,
	    (int)nitems(rows));
	tcase_add_loop_test(t, options_change_the_answer, 0,
	    (int)nitems(option_rows));
	tcase_add_test(t, invariants_of_every_step);
	tcase_add_test(t, start_events);
	tcase_add_test(t, subcodes_and_names);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
