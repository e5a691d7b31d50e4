# Sums up lines "<file below src/> <line> <how often it was reached>", in which a line may come more
# than once: prints how many of the lines of each folder were reached, and writes into the file
# `table` the same for each file, with the lines that were not.  The exit status is 1 if one of the
# folders in `counted`, or all of these together, stay below `least` per cent.  Portable awk.
{
    times[$1, $2] += $3
    if ($2 > last[$1])
        last[$1] = $2
}

# The lines of a file that were not reached, as ranges; sets `lines` and `reached`.
function look_at(file,    line, from, to, missed) {
    lines = reached = from = 0
    missed = ""
    for (line = 1; line <= last[file]; line++) {
        if (!((file, line) in times))
            continue
        lines++
        if (times[file, line] == 0) {
            from = from ? from : line
            to = line
        } else {
            reached++
            missed = missed range(from, to)
            from = 0
        }
    }
    return missed range(from, to)
}

function range(from, to) {
    return from == 0 ? "" : " " (from < to ? from "-" to : from)
}

# Prints a folder's figure; true: it is too low.
function is_low(name, of, hit, note) {
    printf "%-8s %6.2f %% of %d lines%s\n", name, of ? 100 * hit / of : 0, of, note
    return of == 0 || 100 * hit < least * of
}

END {
    for (file in last) {
        missed = look_at(file)
        split(file, path, "/")
        all[path[1]] += lines
        hit[path[1]] += reached
        printf "%-28s %4d of %4d%s\n", file, reached, lines,
            missed == "" ? "" : ", not" missed | ("sort >'" table "'")
    }
    close("sort >'" table "'")
    count = split(counted, names, " ")
    for (i = 1; i <= count; i++) {
        name = names[i]
        low = is_low(name, all[name], hit[name], "") || low
        sum += all[name]
        sum_hit += hit[name]
        delete all[name]
    }
    low = is_low("together", sum, sum_hit, "") || low
    for (name in all)
        is_low(name, all[name], hit[name], ", not counted")
    if (low)
        printf "%d %% are demanded\n", least
    exit low
}
