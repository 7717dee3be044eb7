/*
 * The least that a client can do which wants every domain's figures: the one bulk call at a steady pace, its answer walked
 * through and freed. What a dashboard costs beyond this is the dashboard's own.
 *
 *     cc -O2 -o bare bare.c -lvirt
 *     ./bare URI SECONDS GROUPS
 *
 * GROUPS is a number: the sum of virDomainStatsTypes to ask for, 0 for all that libvirt has. A line goes out for every
 * answer, so that answers can be counted: domains, parameters, milliseconds that the call took.
 */
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double milliseconds(struct timespec from, struct timespec to)
{
    return (to.tv_sec - from.tv_sec) * 1e3 + (to.tv_nsec - from.tv_nsec) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s URI SECONDS GROUPS\n", argv[0]);
        return 2;
    }
    long long interval = atof(argv[2]) * 1e9;
    unsigned int groups = strtoul(argv[3], NULL, 0);
    virConnectPtr connection = virConnectOpenReadOnly(argv[1]);
    if (!connection)
        return 1;

    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        struct timespec before, after;
        virDomainStatsRecordPtr *records;
        clock_gettime(CLOCK_MONOTONIC, &before);
        int count = virConnectGetAllDomainStats(
            connection, groups, &records,
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
        if (count < 0)
            return 1;
        clock_gettime(CLOCK_MONOTONIC, &after);
        int parameters = 0;
        for (int index = 0; index < count; index++)
            parameters += records[index]->nparams;
        virDomainStatsRecordListFree(records);
        printf("%d domains, %d parameters, %.1f ms\n", count, parameters, milliseconds(before, after));
        fflush(stdout);

        /* As vtop does: a pace that does not drift, and a tick that was missed is left out. */
        do {
            long long nanoseconds = next.tv_nsec + interval;
            next.tv_sec += nanoseconds / 1000000000;
            next.tv_nsec = nanoseconds % 1000000000;
        } while (milliseconds(next, after) > 0);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}
