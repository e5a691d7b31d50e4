/* The code under test. */
int limited(int value);

int limited(int value)
{
    int limit = 10;
    while (value > limit)
        value--;
    return value;
}
