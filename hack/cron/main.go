// Command cron asks the library that Kubernetes' CronJob controller uses for
// the times of a table of schedules, and writes them as JSON, one a line. They are
// what operator/release/schedule.facts.test.ts holds the operator to:
//
//	cd hack/cron && go run . > ../../operator/release/fixtures/cron-facts.jsonl
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

// answers is how many times are asked for after each moment.
const answers = 5

// patience is how long it may think: a thousand times what it takes to find an answer five years ahead.
const patience = 2 * time.Second

type fact struct {
	Cron string   `json:"cron"`
	Zone string   `json:"zone"`
	From string   `json:"from"`
	Next []string `json:"next"`
	// The library never answered: it does not get past a day that a zone left out.
	Hangs bool `json:"hangs,omitempty"`
}

type refusal struct {
	Cron  string `json:"cron"`
	Error string `json:"error"`
}

// Around these moments a zone's clock was or will be changed.
var transitions = []struct{ zone, at string }{
	{"Europe/Paris", "2026-03-29T01:00:00Z"},
	{"Europe/Paris", "2026-10-25T01:00:00Z"},
	{"America/New_York", "2026-03-08T07:00:00Z"},
	{"America/New_York", "2026-11-01T06:00:00Z"},
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
	{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},
	{"Pacific/Apia", "2020-09-26T14:00:00Z"},
	{"Africa/Casablanca", "2026-02-15T02:00:00Z"},
	{"Africa/Casablanca", "2026-03-22T02:00:00Z"},
	{"America/Sao_Paulo", "2018-11-04T03:00:00Z"},
	{"America/Sao_Paulo", "2018-02-18T02:00:00Z"},
	{"Africa/Cairo", "2026-04-23T22:00:00Z"},
	{"Africa/Cairo", "2026-10-29T21:00:00Z"},
	{"Asia/Kolkata", "2026-06-30T18:30:00Z"},
	{"Asia/Kathmandu", "2026-06-30T18:15:00Z"},
	{"Etc/UTC", "2026-12-31T23:59:00Z"},
}

var aroundTransitions = []string{
	"30 2 * * *", "0 2 * * *", "0 3 * * *", "15 1 * * *", "45 1 * * *", "0 0 * * *", "30 0 * * *",
	"*/20 * * * *", "30 * * * *", "0 */6 * * *", "30 2 * * 0", "0 12 30 * *", "59 23 * * *", "5 0-3 * * *",
}

var others = []struct{ cron, zone, from string }{
	{"0 3 * * 0", "Etc/UTC", "2026-11-22T03:00:00Z"},
	{"0 3 * * 0", "Etc/UTC", "2026-11-22T02:59:59.999Z"},
	{"0 3 * * sun", "Europe/Paris", "2026-11-22T00:00:00Z"},
	{"0 0 29 2 *", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 29 FEB *", "Etc/UTC", "2028-02-29T00:00:00Z"},
	{"0 0 29 2 1", "Etc/UTC", "2026-01-27T00:00:00Z"},
	{"0 0 31 * *", "Etc/UTC", "2026-01-31T00:00:00Z"},
	{"0 0 31 4,6,9,12 *", "Etc/UTC", "2026-01-31T00:00:00Z"},
	{"0 0 13 * 5", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 13 * FRI", "America/New_York", "2026-11-10T00:00:00Z"},
	{"0 0 */10 * 1", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 1-31 * 1", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 */1 * 1", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 ? * 1", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 15 * ?", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 *,15 * 1", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 15 * */2", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 15 * 0-6", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"30 6-16/4 * * 1-5", "Etc/UTC", "2026-11-20T15:00:00Z"},
	{"30 10,11,12 * * 1-5", "Etc/UTC", "2026-11-20T12:00:00Z"},
	{"5/15 * * * *", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"7-20/6 8/5 * * *", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"*/40 * * * *", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"*/90 * * * *", "Etc/UTC", "2026-01-01T00:00:00Z"},
	{"0 0 1 jan-mar,Dec *", "Etc/UTC", "2026-01-15T00:00:00Z"},
	{"0 0 * * mon-Fri/2", "Etc/UTC", "2026-01-15T00:00:00Z"},
	{"00 03 01 01 *", "Etc/UTC", "2026-01-15T00:00:00Z"},
	{"0 0 1 1 *", "Pacific/Kiritimati", "2026-01-15T00:00:00Z"},
	{"0 0 1 1 *", "Etc/GMT+12", "2026-01-15T00:00:00Z"},
	{"0,0,30,30-31 12 * * *", "Etc/UTC", "2026-01-15T00:00:00Z"},
	{"59 23 31 12 *", "America/New_York", "2026-01-15T00:00:00Z"},
}

var refused = []string{
	"", "* * * *", "* * * * * *", "0 0 0 * * 0 2027", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *",
	"* * * * 7", "* * * * 8", "-1 * * * *", "5-1 * * * *", "* * * * fri-mon", "*/0 * * * *", "1-5/0 * * * *", "1/2/3 * * * *", "1-2-3 * * * *",
	"1.5 * * * *", "* * * foo *", "* * * * sunday", "* * * january *", "jan * * * *", "0 3 L * *", "0 3 15W * *", "0 3 * * 0#1",
	"0 3 * * 5L", "@hourlyish", "@every", "a-b * * * *", "1- * * * *", "-5 * * * *", "*/ * * * *", "*/-2 * * * *",
}

func main() {
	for _, change := range transitions {
		at := parse(change.at)
		for _, schedule := range aroundTransitions {
			for _, from := range []time.Time{at.Add(-36 * time.Hour), at.Add(-20 * time.Minute), at.Add(20 * time.Minute)} {
				write(ask(schedule, change.zone, from))
			}
		}
	}
	for _, each := range others {
		write(ask(each.cron, each.zone, parse(each.from)))
	}
	for _, each := range refused {
		_, err := cron.ParseStandard(each)
		if err == nil {
			fail(fmt.Errorf("%q is taken", each))
		}
		write(refusal{each, err.Error()})
	}
}

func ask(schedule, zone string, from time.Time) fact {
	location, err := time.LoadLocation(zone)
	if err != nil {
		fail(err)
	}
	// As the CronJob controller puts zone and schedule together.
	parsed, err := cron.ParseStandard(fmt.Sprintf("TZ=%s %s", zone, schedule))
	if err != nil {
		fail(fmt.Errorf("%s: %w", schedule, err))
	}
	answered := make(chan []string, 1)
	go func() { answered <- after(parsed, from.In(location)) }()
	fact := fact{Cron: schedule, Zone: zone, From: from.Format(time.RFC3339Nano)}
	select {
	case fact.Next = <-answered:
	case <-time.After(patience):
		fact.Hangs = true
	}
	return fact
}

func after(schedule cron.Schedule, at time.Time) []string {
	next := []string{}
	for len(next) < answers {
		if at = schedule.Next(at); at.IsZero() {
			break
		}
		next = append(next, at.UTC().Format(time.RFC3339))
	}
	return next
}

func parse(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		fail(err)
	}
	return at
}

func write(answer any) {
	text, err := json.Marshal(answer)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(text))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
