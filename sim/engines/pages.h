// Where the code of the model lies in memory.
#pragma once

// The first time, moves the library's code to huge pages where there are any. Not while another thread runs it.
void use_huge_pages();
